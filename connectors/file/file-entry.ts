import type { CursorEntry } from "./file-cursor.ts";
import type { Position } from "./position.ts";
import type { Container } from "./record-place.ts";

/** How far one file was read. */
export interface FileEntry {
  readonly container: Container;
  path: string;
  readonly identity: string;
  /** Number and hash of its first bytes: tells a file that was written anew in place. */
  head: string;
  readonly position: Position;
  /** Size of the file when it was read to its end; undefined while it was not. */
  doneBytes: number | undefined;
}

/** A cursor's entry while reading. */
export function entryFromCursor(entry: CursorEntry): FileEntry {
  const { offset, line, column, sequence } = entry;
  return {
    container: { name: entry.container ?? entry.path, generation: entry.generation },
    path: entry.path,
    identity: entry.identity,
    head: entry.head,
    position: {
      offset,
      line,
      column,
      onLine: entry.on_line,
      records: sequence,
      inArray: entry.in_array,
      skipColumn: entry.skip_column,
      plainUntil: entry.plain_until,
      shape: entry.shape,
    },
    doneBytes: entry.done_bytes < 0 ? undefined : entry.done_bytes,
  };
}

/** What a cursor says about it. */
export function entryToCursor({ container, path, identity, head, position, doneBytes }: FileEntry): CursorEntry {
  return {
    path,
    container: container.name,
    identity,
    generation: container.generation,
    head,
    offset: position.offset,
    line: position.line,
    sequence: position.records,
    column: position.column,
    on_line: position.onLine,
    in_array: position.inArray,
    skip_column: position.skipColumn,
    plain_until: position.plainUntil,
    shape: position.shape,
    done_bytes: doneBytes ?? -1,
  };
}

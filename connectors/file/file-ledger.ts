import { createHash } from "node:crypto";
import { type CursorEntry, formatEntry, parseCursor } from "./file-cursor.ts";
import type { ListedFile } from "./list-files.ts";
import { type Position, startOfFile } from "./position.ts";
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

/** Done files that keep their exact place; older ones keep a mark only. */
const keptDone = 200;
const markChars = 12;

/** Which files were read how far: what a cursor says, kept up while reading. */
export class FileLedger {
  readonly #entries: FileEntry[];
  #finished: string;
  readonly #marks: Set<string>;

  constructor(cursor: string | undefined) {
    const { files, finished } = parseCursor(cursor);
    this.#entries = files.map(fromCursor);
    this.#finished = finished;
    this.#marks = new Set(finished.match(/.{12}/g));
  }

  /** Whether a path was met before; a file under it may come back. */
  knows(path: string): boolean {
    return this.#entries.some((entry) => entry.path === path || entry.container.name === path);
  }

  /** Lets go of what is about files that are gone, so that the cursor does not grow for ever. */
  prune(listed: readonly ListedFile[]): void {
    const marks = new Set(listed.map((file) => markOf(file.identity)));
    for (const mark of this.#marks) if (!marks.has(mark)) this.#marks.delete(mark);
    this.#finished = [...this.#marks].join("");
    const names = new Set(listed.flatMap((file) => [file.path, file.identity]));
    const isWanted = (entry: FileEntry) =>
      names.has(entry.identity) || names.has(entry.path) || names.has(entry.container.name);
    this.#entries.splice(0, this.#entries.length, ...this.#entries.filter(isWanted));
  }

  /** Whether there is nothing new in a file: it was read to its end and has not grown since. */
  isFinished(file: ListedFile): boolean {
    if (file.kind === "stream") return false;
    if (this.#marks.has(markOf(file.identity))) return true;
    return this.find(file.identity)?.doneBytes === file.bytes;
  }

  find(identity: string): FileEntry | undefined {
    return this.#entries.findLast((entry) => entry.identity === identity);
  }

  /** A file not met before, or one that took the place of another. */
  add(file: ListedFile, head: string): FileEntry {
    const before = this.#entries.filter((entry) => entry.container.name === file.path);
    this.#entries.splice(0, this.#entries.length, ...this.#entries.filter((entry) => entry.identity !== file.identity));
    const generation = 1 + Math.max(-1, ...before.map((entry) => entry.container.generation));
    const entry: FileEntry = {
      container: { name: file.path, generation },
      path: file.path,
      identity: file.identity,
      head,
      position: startOfFile(),
      doneBytes: undefined,
    };
    this.#entries.push(entry);
    return entry;
  }

  /** A stream, which has no place to go back to. */
  restart(file: ListedFile): FileEntry {
    const others = this.#entries.filter((entry) => entry.identity !== file.identity);
    this.#entries.splice(0, this.#entries.length, ...others);
    return this.add(file, "");
  }

  /** A file of this size was read to its end. */
  finish(entry: FileEntry, bytes: number): void {
    entry.doneBytes = bytes;
    const done = this.#entries.filter((other) => other.doneBytes !== undefined);
    if (done.length < 2 * keptDone) return;
    for (const old of done.slice(0, keptDone)) this.#fold(old);
  }

  toCursor(): string {
    const files = this.#entries.map((entry) => formatEntry(toCursor(entry))).join(",");
    return `{"files":[${files}],"finished":"${this.#finished}"}`;
  }

  #fold(entry: FileEntry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    const mark = markOf(entry.identity);
    if (this.#marks.has(mark)) return;
    this.#marks.add(mark);
    this.#finished += mark;
  }
}

/** Twelve characters that stand for a file. */
function markOf(identity: string): string {
  return createHash("sha256").update(identity).digest("base64url").slice(0, markChars);
}

function fromCursor(entry: CursorEntry): FileEntry {
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
    },
    doneBytes: entry.done_bytes < 0 ? undefined : entry.done_bytes,
  };
}

function toCursor({ container, path, identity, head, position, doneBytes }: FileEntry): CursorEntry {
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
    done_bytes: doneBytes ?? -1,
  };
}

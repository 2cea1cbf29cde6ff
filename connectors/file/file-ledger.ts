import { formatEntry, parseCursor } from "./file-cursor.ts";
import { entryFromCursor, entryToCursor, type FileEntry } from "./file-entry.ts";
import { FinishedMarks } from "./finished-marks.ts";
import type { ListedFile } from "./list-files.ts";
import { startOfFile } from "./position.ts";

/** Done files that keep an entry; older ones keep a mark only. */
const keptDone = 200;

/** Which files were read how far: what a cursor says, kept up while reading. */
export class FileLedger {
  readonly #entries: FileEntry[];
  readonly #marks: FinishedMarks;

  constructor(cursor: string | undefined) {
    const { files, marks } = parseCursor(cursor);
    this.#entries = files.map(entryFromCursor);
    this.#marks = new FinishedMarks(marks);
  }

  /** Whether a path was met before; a file under it may come back. */
  knows(path: string): boolean {
    const isAt = (entry: FileEntry) => entry.path === path || entry.container.name === path;
    return this.#entries.some(isAt) || this.#marks.generation(path) >= 0;
  }

  /** Lets go of what is about files that are gone, so that the cursor does not grow for ever. */
  prune(listed: readonly ListedFile[]): void {
    this.#marks.prune(listed);
    const names = new Set(listed.flatMap((file) => [file.path, file.identity]));
    const isWanted = (entry: FileEntry) =>
      names.has(entry.identity) || names.has(entry.path) || names.has(entry.container.name);
    this.#entries.splice(0, this.#entries.length, ...this.#entries.filter(isWanted));
  }

  /** Whether there is nothing new in a file: it was read to its end and has not grown since. */
  isFinished(file: ListedFile): boolean {
    if (file.kind === "stream") return false;
    const entry = this.#entries.findLast(({ identity }) => identity === file.identity);
    return (entry === undefined ? this.#marks.doneBytes(file.identity) : entry.doneBytes) === file.bytes;
  }

  /** How far a file was read; undefined when it was not met before. */
  find(file: ListedFile): FileEntry | undefined {
    const entry = this.#entries.findLast(({ identity }) => identity === file.identity);
    if (entry !== undefined) return entry;
    const marked = this.#marks.take(file);
    if (marked !== undefined) this.#entries.push(marked);
    return marked;
  }

  /** A file not met before, or one that took the place of another. */
  add(file: ListedFile, head: string): FileEntry {
    const before = this.#entries.filter((entry) => entry.container.name === file.path);
    this.#entries.splice(0, this.#entries.length, ...this.#entries.filter((entry) => entry.identity !== file.identity));
    const generations = before.map((entry) => entry.container.generation);
    const generation = 1 + Math.max(this.#marks.generation(file.path), ...generations);
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
    const files = this.#entries.map((entry) => formatEntry(entryToCursor(entry))).join(",");
    return `{"files":[${files}],"marks":"${this.#marks}"}`;
  }

  #fold(entry: FileEntry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    const isStream = entry.head === "";
    if (!isStream) this.#marks.add(entry);
  }
}

import { createHash } from "node:crypto";
import { TagsmithError } from "#sdk";
import type { FileEntry } from "./file-entry.ts";
import { fileShapes } from "./file-shape.ts";
import type { ListedFile } from "./list-files.ts";

/** Characters that stand for a file, for the name of its records, and for its first bytes. */
const identityChars = 12;
const nameChars = 8;
const headChars = 12;
const numbersAt = identityChars + nameChars + headChars;
const wellFormed = /^[\w-]{32}[0-9a-z]{1,11}(?:\.[0-9a-z]{1,11}){0,11}$/;

/**
 * Files read to their ends long ago, in some 45 characters each: enough to see that one has grown, and to go on in it.
 * The name of its records is kept as a hash; a file that was renamed since goes on under its new name.
 */
export class FinishedMarks {
  /** By identity, hashed. */
  readonly #marks = new Map<string, string>();
  /** Highest generation by name, hashed. */
  readonly #generations = new Map<string, number>();
  #text: string | undefined;

  /** Reads what `toString` gave; throws `file_cursor_invalid` (exit). */
  constructor(text: string) {
    for (const mark of text === "" ? [] : text.split(",")) {
      if (!wellFormed.test(mark)) {
        throw new TagsmithError("file_cursor_invalid", `the stored cursor has a broken mark: ${mark}`, "exit");
      }
      this.#set(mark, numbersOf(mark).generation);
    }
  }

  add(entry: FileEntry): void {
    this.#set(markOf(entry), entry.container.generation);
  }

  /** Size of a file when it was read to its end; undefined: it has no mark. */
  doneBytes(identity: string): number | undefined {
    const mark = this.#marks.get(hash(identity, identityChars));
    return mark === undefined ? undefined : numbersOf(mark).doneBytes;
  }

  /** Highest generation of files whose records carry this name; -1: none did. */
  generation(name: string): number {
    return this.#generations.get(hash(name, nameChars)) ?? -1;
  }

  /** Takes the mark of a file away; how far it was read, undefined when it has none. */
  take(file: ListedFile): FileEntry | undefined {
    const key = hash(file.identity, identityChars);
    const mark = this.#marks.get(key);
    if (mark === undefined) return undefined;
    this.#marks.delete(key);
    this.#text = undefined;
    const { headBytes, doneBytes, generation, ...position } = numbersOf(mark);
    const hasName = mark.slice(identityChars, identityChars + nameChars) === hash(file.path, nameChars);
    const head = mark.slice(identityChars + nameChars, numbersAt);
    return {
      container: { name: file.path, generation: hasName ? generation : 1 + this.generation(file.path) },
      path: file.path,
      identity: file.identity,
      head: `${headBytes}:${head}`,
      position,
      doneBytes,
    };
  }

  /** Keeps the marks of these files, and of those that had a name which one of these has now. */
  prune(listed: readonly ListedFile[]): void {
    const identities = new Set(listed.map((file) => hash(file.identity, identityChars)));
    const names = new Set(listed.map((file) => hash(file.path, nameChars)));
    for (const [key, mark] of this.#marks) {
      if (identities.has(key) || names.has(mark.slice(identityChars, identityChars + nameChars))) continue;
      this.#marks.delete(key);
      this.#text = undefined;
    }
  }

  toString(): string {
    this.#text ??= [...this.#marks.values()].join(",");
    return this.#text;
  }

  #set(mark: string, generation: number): void {
    this.#marks.set(mark.slice(0, identityChars), mark);
    const name = mark.slice(identityChars, identityChars + nameChars);
    this.#generations.set(name, Math.max(generation, this.#generations.get(name) ?? -1));
    this.#text = undefined;
  }
}

/** Three hashes, then numbers to the base 36, those that are most often 0 last and left out. */
function markOf({ container, identity, head, position, doneBytes = 0 }: FileEntry): string {
  const [headBytes, headHash] = head.split(":");
  const numbers = [
    Number(headBytes),
    fileShapes.indexOf(position.shape),
    doneBytes,
    position.line,
    position.records,
    position.offset === doneBytes ? 0 : 1 + position.offset,
    container.generation,
    position.column,
    position.onLine,
    position.inArray ? 1 : 0,
    1 + position.skipColumn,
    position.plainUntil > position.offset ? position.plainUntil : 0,
  ];
  while (numbers.length > 1 && numbers.at(-1) === 0) numbers.pop();
  const hashes = hash(identity, identityChars) + hash(container.name, nameChars) + headHash;
  return hashes + numbers.map((number) => number.toString(36)).join(".");
}

function numbersOf(mark: string) {
  const numbers = mark
    .slice(numbersAt)
    .split(".")
    .map((digits) => Number.parseInt(digits, 36));
  const [headBytes = 0, shape = 0, doneBytes = 0, line = 1, records = 0, offset = 0, ...rest] = numbers;
  const [generation = 0, column = 0, onLine = 0, inArray = 0, skipColumn = 0, plainUntil = 0] = rest;
  return {
    headBytes,
    doneBytes,
    generation,
    offset: offset === 0 ? doneBytes : offset - 1,
    line,
    records,
    column,
    onLine,
    inArray: inArray === 1,
    skipColumn: skipColumn - 1,
    plainUntil,
    shape: fileShapes[shape] ?? "unknown",
  };
}

function hash(text: string, chars: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, chars);
}

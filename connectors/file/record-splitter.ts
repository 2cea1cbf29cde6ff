import type { SourceRecord } from "#sdk";
import type { ByteWindow } from "./byte-window.ts";
import { findShape } from "./file-shape.ts";
import { continuesValue, countLines, findWholeLine, isSpace, opensArray, parseLine, tokenEnd } from "./line-shape.ts";
import type { Position } from "./position.ts";
import { looksLikeJson, recordOfJson, recordOfValue } from "./record-of-json.ts";
import { type Container, documentAt, excerptOf, unreadableAt } from "./record-place.ts";
import { ValueScanner } from "./scan-value.ts";

const newline = 0x0a;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const quote = 0x22;

/** The record being read while its end is not in sight. */
interface Pending {
  readonly kind: "value" | "text" | "garbage" | "token";
  readonly scanner: ValueScanner;
  /** Bytes from the window's start that were looked at. */
  seen: number;
  /** Bytes let go because the record is too long to keep. */
  dropped: number;
  excerpt: string;
  /** A newline was passed inside the value: the next line shows whether it goes on. */
  atLineEnd: boolean;
}

/**
 * Finds the records of a byte stream, in whatever of these forms it is: NDJSON, a JSON array, JSON values one after the
 * other over any number of lines, or lines of text. Holds no more than one record of `maxRecordBytes`.
 */
export class RecordSplitter {
  readonly position: Position;
  readonly #window: ByteWindow;
  readonly #container: Container;
  readonly #maxBytes: number;
  #pending: Pending | undefined;
  /** Bytes from the window's start that hold no newline. */
  #searched = 0;

  constructor(window: ByteWindow, position: Position, container: Container, maxRecordBytes: number) {
    this.#window = window;
    this.position = position;
    this.#container = container;
    this.#maxBytes = maxRecordBytes;
  }

  /** The next record, or undefined when more input is needed. `isEnd`: no more will come. */
  next(isEnd: boolean): SourceRecord | undefined {
    if (this.#pending === undefined) {
      const begun = this.#begin(isEnd);
      if (begun === undefined || "id" in begun) return begun;
      this.#pending = begun;
    }
    const pending = this.#pending;
    if (pending.kind === "value") return this.#readValue(pending, isEnd);
    return this.#readLine(pending, isEnd);
  }

  /** The rest that is no whole record yet, for a report. */
  excerpt(): string {
    return this.#pending?.excerpt || excerptOf(this.#window.bytes, this.#window.start, this.#window.end);
  }

  /** Takes what is at hand for all there is; true when that shows the file's shape, which was not known before. */
  decideShape(): boolean {
    return this.position.shape === "unknown" && this.#knowsShape(true);
  }

  #knowsShape(isEnd: boolean): boolean {
    const { bytes, start, end } = this.#window;
    if (this.position.shape === "unknown") this.position.shape = findShape(bytes, start, end, isEnd);
    return this.position.shape !== "unknown";
  }

  #begin(isEnd: boolean): SourceRecord | Pending | undefined {
    const { bytes } = this.#window;
    while (this.#skipSeparators(isEnd)) {
      const byte = bytes[this.#window.start];
      if (byte === openBrace) return this.#readObjectLine(isEnd);
      if (this.position.inArray) return pendingOf(byte === quote || byte === openBracket ? "value" : "token");
      if (this.position.onLine > 0) return pendingOf("garbage");
      if (!this.#knowsShape(isEnd)) return undefined;
      if (byte === openBracket) {
        const isArray = opensArray(bytes, this.#window.start, this.#window.end, this.position.shape);
        if (isArray === undefined && !isEnd) return undefined;
        if (isArray !== true) return pendingOf("text");
        this.position.inArray = true;
        this.#advance(this.#window.start + 1);
        continue;
      }
      return pendingOf("text");
    }
    return undefined;
  }

  /** The fast path: an object that ends with its line. */
  #readObjectLine(isEnd: boolean): SourceRecord | Pending | undefined {
    const { bytes, start, end } = this.#window;
    if (this.position.shape === "unknown") this.position.shape = this.position.inArray ? "arrays" : "objects";
    if (this.position.onLine > 0) return pendingOf("value");
    const found = bytes.indexOf(newline, start + this.#searched);
    const isWhole = found >= 0 && found < end;
    if (!isWhole && !isEnd && !this.position.inArray && end - start <= this.#maxBytes) {
      this.#searched = end - start;
      return undefined;
    }
    const lineEnd = isWhole ? found : end;
    if ((!isWhole && !isEnd) || lineEnd - start > this.#maxBytes) return pendingOf("value");
    const parsed = parseLine(bytes, start, lineEnd);
    if (parsed === undefined) return pendingOf("value");
    const record = recordOfValue(parsed.value, this.#container, this.position);
    this.#advance(lineEnd);
    this.#count(0);
    return record;
  }

  #readValue(pending: Pending, isEnd: boolean): SourceRecord | undefined {
    const window = this.#window;
    const { scanner } = pending;
    for (;;) {
      if (pending.atLineEnd) {
        const goesOn = this.#goesOn(pending, isEnd);
        if (goesOn === undefined) return this.#wait(pending);
        if (!goesOn) return this.#breakOff(pending, window.start + pending.seen - 1, scanner.lines - 1);
        pending.atLineEnd = false;
      }
      const stop = scanner.scan(window.bytes, window.start + pending.seen, window.end);
      pending.seen = (stop.kind === "more" ? window.end : stop.at) - window.start;
      switch (stop.kind) {
        case "more":
          return isEnd ? this.#breakOff(pending, window.end, scanner.lines) : this.#wait(pending);
        case "line_end":
          pending.seen += 1;
          pending.atLineEnd = true;
          break;
        case "closed":
          return this.#take(pending, stop.at, scanner.lines);
        case "string_cut":
          return this.#breakOff(pending, stop.at, scanner.lines);
        case "mismatch":
          if (this.position.inArray) return this.#breakOff(pending, stop.at, scanner.lines);
          this.#pending = { ...pending, kind: "garbage" };
          return this.#readLine(this.#pending, isEnd);
      }
    }
  }

  #goesOn(pending: Pending, isEnd: boolean): boolean | undefined {
    if (this.position.offset < this.position.plainUntil) return false;
    const { bytes, start, end } = this.#window;
    const goesOn = continuesValue(bytes, start + pending.seen, end, pending.scanner);
    return goesOn === undefined && isEnd ? false : goesOn;
  }

  /** The value cannot be whole: reports it up to `at`, and sees to it that whole records after its first line are kept. */
  #breakOff(pending: Pending, at: number, lines: number): SourceRecord {
    const { bytes, start } = this.#window;
    const { position } = this;
    const { column, offset } = position;
    const wholeLine = lines === 0 || this.#isTooLarge(pending, at) ? undefined : findWholeLine(bytes, start, at);
    if (wholeLine === undefined) {
      const record = this.#take(pending, at, lines);
      if (lines > 0) position.skipColumn = column;
      return record;
    }
    const record = this.#take(pending, wholeLine, countLines(bytes, start, wholeLine));
    position.plainUntil = offset + (at - start);
    position.onLine = 0;
    position.column = 0;
    return record;
  }

  /** A line of text, the rest of a line that is no JSON, or something in an array that is no value. */
  #readLine(pending: Pending, isEnd: boolean): SourceRecord | undefined {
    const { bytes, start, end } = this.#window;
    const from = start + pending.seen;
    const stop = pending.kind === "token" ? tokenEnd(bytes, from, end) : bytes.indexOf(newline, from);
    if (stop >= 0 && stop < end) return this.#take(pending, stop, pending.scanner.lines);
    if (isEnd) return this.#take(pending, end, pending.scanner.lines);
    pending.seen = end - start;
    return this.#wait(pending);
  }

  /** More input is needed; a record that is already too long is not kept meanwhile. */
  #wait(pending: Pending): undefined {
    const window = this.#window;
    if (pending.dropped === 0 && pending.seen <= this.#maxBytes) return;
    pending.excerpt ||= excerptOf(window.bytes, window.start, window.end);
    const kept = pending.atLineEnd ? 1 : 0;
    pending.dropped += pending.seen - kept;
    window.start += pending.seen - kept;
    pending.seen = kept;
  }

  #isTooLarge(pending: Pending, at: number): boolean {
    return pending.dropped > 0 || at - this.#window.start > this.#maxBytes;
  }

  /** Makes the record that ends at `at` and moves behind it. */
  #take(pending: Pending, at: number, lines: number): SourceRecord {
    const record = this.#recordUpTo(pending, at);
    this.#pending = undefined;
    this.#advance(at, pending.dropped);
    this.#count(lines);
    return record;
  }

  #recordUpTo(pending: Pending, at: number): SourceRecord {
    const { bytes, start } = this.#window;
    if (this.#isTooLarge(pending, at)) {
      const reason = `line ${this.position.line}: the record is longer than ${this.#maxBytes} bytes`;
      const excerpt = pending.excerpt || excerptOf(bytes, start, at);
      return unreadableAt(this.#container, this.position, { code: "record_too_large", reason, excerpt });
    }
    const isCrLf = pending.kind !== "value" && bytes[at - 1] === 0x0d;
    const text = bytes.toString("utf8", start, isCrLf ? at - 1 : at);
    if (pending.kind === "text" && !looksLikeJson(text, this.position.shape)) {
      return documentAt(this.#container, this.position, { message: text });
    }
    return recordOfJson(text, this.#container, this.position);
  }

  #count(lines: number): void {
    this.position.records += 1;
    this.position.line += lines;
    this.position.onLine = lines > 0 ? 1 : this.position.onLine + 1;
  }

  #advance(to: number, dropped = 0): void {
    const used = dropped + to - this.#window.start;
    this.position.offset += used;
    this.position.column += used;
    this.#window.start = to;
    this.#searched = 0;
  }

  #nextLine(newlineAt: number): void {
    this.#advance(newlineAt + 1);
    this.position.line += 1;
    this.position.onLine = 0;
    this.position.column = 0;
  }

  /** Moves to the first byte of the next record; false when it is not there yet. */
  #skipSeparators(isEnd: boolean): boolean {
    const { bytes, end } = this.#window;
    const { position } = this;
    while (this.#window.start < end) {
      const { start } = this.#window;
      const byte = bytes[start] ?? 0;
      if (position.skipColumn >= 0) this.#skipBroken();
      else if (byte === newline) this.#nextLine(start);
      else if (isSpace(byte) || (byte === comma && (position.inArray || position.onLine > 0))) this.#advance(start + 1);
      else if (byte === closeBracket && position.inArray) {
        this.#advance(start + 1);
        position.inArray = false;
        position.onLine ||= 1;
      } else if (byte === 0xef && position.offset === 0) {
        if (end - start < 3 && !isEnd) return false;
        if (bytes[start + 1] !== 0xbb || bytes[start + 2] !== 0xbf) return true;
        this.#advance(start + 3);
        position.column = 0;
      } else return true;
    }
    return false;
  }

  /** Passes over one line of a broken value, or finds that a new value begins here. */
  #skipBroken(): void {
    const { bytes, start, end } = this.#window;
    const { position } = this;
    const byte = bytes[start] ?? 0;
    const isAtStart = position.onLine === 0 && position.column <= position.skipColumn;
    if (isAtStart && (byte === openBrace || byte === openBracket)) {
      position.skipColumn = -1;
      return;
    }
    if (isAtStart && isSpace(byte) && byte !== newline) {
      this.#advance(start + 1);
      return;
    }
    const found = bytes.indexOf(newline, start);
    if (found >= 0 && found < end) {
      this.#nextLine(found);
      return;
    }
    this.#advance(end);
    position.onLine ||= 1;
  }
}

function pendingOf(kind: Pending["kind"]): Pending {
  return { kind, scanner: new ValueScanner(), seen: 0, dropped: 0, excerpt: "", atLineEnd: false };
}

import type { SourceRecord } from "#sdk";
import { ByteWindow } from "./byte-window.ts";
import { fileError, type Input, type ReadResult } from "./file-input.ts";
import type { Position } from "./position.ts";
import { type Container, unreadableAt } from "./record-place.ts";
import { RecordSplitter } from "./record-splitter.ts";

/** Reads the records of one input. */
export class FileReader {
  readonly #input: Input;
  readonly #container: Container;
  readonly #window = new ByteWindow();
  readonly #splitter: RecordSplitter;
  #isOver = false;

  constructor(input: Input, container: Container, position: Position, maxRecordBytes: number) {
    this.#input = input;
    this.#container = container;
    this.#splitter = new RecordSplitter(this.#window, position, container, maxRecordBytes);
  }

  get position(): Position {
    return this.#splitter.position;
  }

  /** Bytes read from the disk or stream. */
  get consumed(): number {
    return this.#input.consumed;
  }

  /** Everything was read and given out. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Adds records to `batch` until `isFull` says so or nothing more can be read now. `isLast`: the input will not grow,
   * so what stands at its end without a newline is a record. Throws `file_unreadable` (exit).
   */
  async fill(batch: RecordBatch, isLast: boolean, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isOver) {
      if (this.#drain(batch, false)) return;
      const result = await this.#read(signal);
      if (signal.aborted) return;
      if (result.kind === "damaged" && this.#splitter.decideShape()) continue;
      if (result.kind === "damaged") this.#report(batch, result);
      if (result.kind === "idle") return;
      if (result.kind !== "end") continue;
      this.#window.release();
      if (!isLast) return;
      if (this.#drain(batch, true)) return;
      this.#isOver = true;
    }
  }

  async close(): Promise<void> {
    await this.#input.close();
  }

  async #read(signal: AbortSignal): Promise<ReadResult> {
    try {
      return await this.#input.read(this.#window, signal);
    } catch (cause) {
      throw fileError(this.#container.name, cause);
    }
  }

  /** True when the batch is full. */
  #drain(batch: RecordBatch, isEnd: boolean): boolean {
    while (!batch.isFull) {
      const before = this.position.offset;
      const record = this.#splitter.next(isEnd);
      if (record === undefined) return false;
      batch.add(record, this.position.offset - before);
    }
    return true;
  }

  #report(batch: RecordBatch, fault: { readonly code: string; readonly reason: string }): void {
    const { code } = fault;
    const reason = `line ${this.position.line}: ${fault.reason}`;
    batch.add(unreadableAt(this.#container, this.position, { code, reason, excerpt: this.#splitter.excerpt() }), 0);
    this.position.records += 1;
    this.#isOver = true;
  }
}

/** Records on their way into one batch. */
export class RecordBatch {
  readonly records: SourceRecord[] = [];
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxRecords: number, maxBytes: number) {
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  get isFull(): boolean {
    return this.records.length >= this.#maxRecords || this.#bytes >= this.#maxBytes;
  }

  get isEmpty(): boolean {
    return this.records.length === 0;
  }

  add(record: SourceRecord, bytes: number): void {
    this.records.push(record);
    this.#bytes += bytes;
  }
}

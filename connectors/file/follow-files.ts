import { setTimeout as sleep } from "node:timers/promises";
import type { Batch } from "#sdk";
import type { FileSourceConfig } from "./config.ts";
import { FileLedger } from "./file-ledger.ts";
import { RecordBatch } from "./file-reader.ts";
import { isGlob, type ListedFile, listFiles } from "./list-files.ts";
import { type OpenedFile, type OpenSettings, openIfPresent } from "./open-reader.ts";

/** A followed file. */
interface Tail {
  readonly opened: OpenedFile;
  /** Looks in a row at which the file was under none of the paths and had not grown. */
  quietLooks: number;
  /** Bytes read at the last look. */
  seenBytes: number;
  /** Size of the file when it was last seen under one of the paths. */
  fileBytes: number;
}

/**
 * Reads the configured files and goes on as they grow, until `signal` aborts. Looks at the paths once a poll interval:
 * new files are opened, a file that shrank is read anew, and a file that was renamed or deleted is read until it has
 * been quiet for a while. A line without its newline is held back until then.
 */
export async function* followFiles(
  config: FileSourceConfig,
  settings: OpenSettings,
  cursor: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const follower = new Follower(config, settings, cursor);
  const pollMs = config.poll_interval_secs * 1_000;
  let isDue = true;
  const timer = setInterval(() => {
    isDue = true;
  }, pollMs);
  try {
    while (!signal.aborted) {
      if (isDue) await follower.look(signal);
      isDue = false;
      let hasRead = false;
      for await (const batch of follower.readAll(signal)) {
        hasRead = true;
        yield batch;
      }
      if (!hasRead) await sleep(pollMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    clearInterval(timer);
    await follower.close();
  }
}

class Follower {
  readonly #config: FileSourceConfig;
  readonly #settings: OpenSettings;
  readonly #ledger: FileLedger;
  /** By identity, in the order in which they were met. */
  readonly #tails = new Map<string, Tail>();
  #isFirstLook = true;

  constructor(config: FileSourceConfig, settings: OpenSettings, cursor: string | undefined) {
    this.#config = config;
    this.#settings = settings;
    this.#ledger = new FileLedger(cursor);
  }

  /** Compares the files there are with the files being read. */
  async look(signal: AbortSignal): Promise<void> {
    const mayBeMissing = (pattern: string) =>
      !this.#isFirstLook || isGlob(pattern) || this.#ledger.knows(pattern) || signal.aborted;
    const files = await listFiles(this.#config.paths, mayBeMissing);
    if (this.#isFirstLook) this.#ledger.prune(files);
    this.#isFirstLook = false;
    const listed = new Map(files.map((file) => [file.identity, file]));
    for (const [identity, tail] of this.#tails) await this.#check(tail, listed.get(identity));
    for (const file of files) if (!this.#tails.has(file.identity)) await this.#open(file);
  }

  /** What can be read now, in batches. */
  async *readAll(signal: AbortSignal): AsyncGenerator<Batch, void, undefined> {
    let batch = this.#newBatch();
    for (const [identity, tail] of this.#tails) {
      const { reader, canGrow } = tail.opened;
      const isLast = !canGrow || tail.quietLooks >= this.#quietLooksAtEnd();
      for (;;) {
        await reader.fill(batch, isLast, signal);
        if (signal.aborted) return;
        if (!batch.isFull) break;
        yield this.#toBatch(batch);
        batch = this.#newBatch();
      }
      if (reader.isOver) await this.#drop(identity, tail);
    }
    if (!batch.isEmpty) yield this.#toBatch(batch);
  }

  async close(): Promise<void> {
    for (const tail of this.#tails.values()) await tail.opened.reader.close();
    this.#tails.clear();
  }

  async #open(file: ListedFile): Promise<void> {
    if (this.#ledger.isFinished(file)) return;
    const opened = await openIfPresent(file, this.#ledger, this.#settings);
    if (opened === undefined) return;
    this.#tails.set(file.identity, { opened, quietLooks: 0, seenBytes: 0, fileBytes: file.bytes });
  }

  async #check(tail: Tail, file: ListedFile | undefined): Promise<void> {
    const { entry, reader, isSame, canGrow } = tail.opened;
    if (file === undefined) {
      tail.quietLooks = reader.consumed > tail.seenBytes ? 0 : tail.quietLooks + 1;
      tail.seenBytes = reader.consumed;
      return;
    }
    tail.quietLooks = 0;
    tail.fileBytes = file.bytes;
    entry.path = file.path;
    if (!canGrow || (await isSame(file.bytes))) return;
    await reader.close();
    this.#tails.delete(entry.identity);
  }

  async #drop(identity: string, { opened, fileBytes }: Tail): Promise<void> {
    await opened.reader.close();
    this.#tails.delete(identity);
    this.#ledger.finish(opened.entry, Math.max(fileBytes, opened.reader.consumed));
  }

  #quietLooksAtEnd(): number {
    return 1 + Math.ceil(this.#config.rotate_wait_secs / this.#config.poll_interval_secs);
  }

  #newBatch(): RecordBatch {
    return new RecordBatch(this.#config.batch_records, this.#config.batch_bytes);
  }

  #toBatch({ records }: RecordBatch): Batch {
    let done = 0;
    for (const { opened } of this.#tails.values()) done += opened.reader.consumed;
    return { records, cursor: this.#ledger.toCursor(), progress: { done, unit: "bytes" } };
  }
}

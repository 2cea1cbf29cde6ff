import type { Batch } from "#sdk";
import type { FileSourceConfig } from "./config.ts";
import { FileLedger } from "./file-ledger.ts";
import { RecordBatch } from "./file-reader.ts";
import { listFiles } from "./list-files.ts";
import { type OpenSettings, openIfPresent } from "./open-reader.ts";

/** Reads the configured files to their ends, in path order; one that is deleted before its turn is passed over. */
export async function* readFiles(
  config: FileSourceConfig,
  settings: OpenSettings,
  cursor: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const ledger = new FileLedger(cursor);
  const files = await listFiles(config.paths, () => false);
  ledger.prune(files);
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const hasTotal = files.every((file) => file.kind === "file");
  const newBatch = () => new RecordBatch(config.batch_records, config.batch_bytes);
  let batch = newBatch();
  let passedBytes = 0;
  const toBatch = (consumed: number): Batch => {
    const done = passedBytes + consumed;
    const progress = { done, ...(hasTotal && { total: Math.max(total, done) }), unit: "bytes" as const };
    return { records: batch.records, cursor: ledger.toCursor(), progress };
  };
  for (const file of files) {
    const opened = ledger.isFinished(file) ? undefined : await openIfPresent(file, ledger, settings);
    if (opened === undefined) {
      passedBytes += file.bytes;
      continue;
    }
    const { entry, reader } = opened;
    try {
      while (!reader.isOver) {
        await reader.fill(batch, true, signal);
        if (signal.aborted) return;
        if (batch.isEmpty || (reader.isOver && !batch.isFull)) continue;
        yield toBatch(reader.consumed);
        batch = newBatch();
      }
    } finally {
      await reader.close();
    }
    ledger.finish(entry, Math.max(file.bytes, reader.consumed));
    passedBytes += file.bytes;
  }
  if (!batch.isEmpty) yield toBatch(0);
}

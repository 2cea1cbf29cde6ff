import type { Readable } from "node:stream";
import type { Source } from "#sdk";
import type { FileSourceConfig } from "./config.ts";
import { followFiles } from "./follow-files.ts";
import { readFiles } from "./read-files.ts";

/** What the runtime sets. */
export interface FileSourceSettings {
  /** Name of this instance; `file` when left out. */
  readonly name?: string;
  /** Stands for standard input; the process's own when left out. */
  readonly stdin?: Readable;
}

/**
 * A source of files. `read` throws TagsmithError (exit): `file_not_found`, `file_unreadable`, `file_is_directory`,
 * `file_cursor_invalid`.
 */
export function createFileSource(config: FileSourceConfig, settings: FileSourceSettings = {}): Source {
  const closing = new AbortController();
  const readAll = config.follow ? followFiles : readFiles;
  const open = { maxRecordBytes: config.max_record_bytes, stdin: () => settings.stdin ?? process.stdin };
  return {
    name: settings.name ?? "file",
    isLive: config.follow,
    read: (cursor, signal) => readAll(config, open, cursor, AbortSignal.any([signal, closing.signal])),
    close: async () => closing.abort(),
  };
}

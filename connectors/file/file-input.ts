import { type FileHandle, open } from "node:fs/promises";
import { TagsmithError } from "#sdk";
import type { ByteWindow } from "./byte-window.ts";

const chunkBytes = 131_072;

/** What one read of an input brought. */
export type ReadResult =
  | { readonly kind: "data" }
  /** Nothing now; for a file that grows, there may be more later. */
  | { readonly kind: "end" }
  /** Nothing for a while, but the stream goes on. */
  | { readonly kind: "idle" }
  /** The content cannot be read on. `code` and `reason` are those of the record that reports it. */
  | { readonly kind: "damaged"; readonly code: string; readonly reason: string };

/** The uncompressed bytes of one file or stream, one after the other. */
export interface Input {
  /** Bytes read from the disk or stream. */
  readonly consumed: number;
  /** Appends what comes next to the window. Ends early, with `end`, when `signal` aborts. */
  read(window: ByteWindow, signal: AbortSignal): Promise<ReadResult>;
  close(): Promise<void>;
}

/** A plain file from `offset` on. */
export class FileInput implements Input {
  readonly #handle: FileHandle;
  #offset: number;

  constructor(handle: FileHandle, offset: number) {
    this.#handle = handle;
    this.#offset = offset;
  }

  get consumed(): number {
    return this.#offset;
  }

  async read(window: ByteWindow): Promise<ReadResult> {
    const bytes = window.reserve(chunkBytes);
    const { bytesRead } = await this.#handle.read(bytes, window.end, chunkBytes, this.#offset);
    this.#offset += bytesRead;
    window.end += bytesRead;
    return { kind: bytesRead > 0 ? "data" : "end" };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Opens a file for reading; throws `file_not_found`, `file_unreadable` or `file_is_directory` (exit). */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** What a failed file operation means to the user. */
export function fileError(path: string, cause: unknown): TagsmithError {
  if (cause instanceof TagsmithError) return cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new TagsmithError("file_not_found", `${path}: there is no such file.`, "exit", cause);
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new TagsmithError("file_unreadable", `${path}: cannot be read (${detail}).`, "exit", cause);
}

import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { TagsmithError } from "#sdk";

/** A file that grows at its end. */
export type Appended = Pick<OutputFile, "write" | "cut" | "close">;

/** One file being appended to, which can go back to a size it had. */
export class OutputFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #identity: string;

  private constructor(path: string, handle: FileHandle, identity: string) {
    this.#path = path;
    this.#handle = handle;
    this.#identity = identity;
  }

  /**
   * Opens the file, creating it and its folders. `size`: cut back to this many bytes. Undefined: a first run, for which
   * the file must be empty, or is emptied when `overwrite` is set. One of `others` under another name is refused.
   */
  static async open(
    path: string,
    size: number | undefined,
    overwrite: boolean,
    others: readonly OutputFile[],
  ): Promise<OutputFile> {
    let handle: FileHandle | undefined;
    try {
      await mkdir(dirname(path), { recursive: true });
      handle = await open(path, constants.O_RDWR | constants.O_CREAT);
      const found = await handle.stat({ bigint: true });
      if (!found.isFile()) throw new TagsmithError("output_not_a_file", `${path}: is not a regular file.`, "exit");
      const file = new OutputFile(path, handle, `${found.dev}-${found.ino}`);
      for (const other of others) file.#refuseSame(other);
      checkSize(path, Number(found.size), size, overwrite);
      await file.#cutBack(size ?? 0);
      return file;
    } catch (cause) {
      await handle?.close();
      throw outputError(path, cause);
    }
  }

  /** Writes at `from`, the end of the file, and makes it durable. Returns the end then. */
  async write(text: string, from: number): Promise<number> {
    if (text === "") return from;
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#handle.write(bytes, done, bytes.length - done, from + done)).bytesWritten;
      }
      await this.#handle.datasync();
      return from + bytes.length;
    } catch (cause) {
      throw outputError(this.#path, cause);
    }
  }

  /** Takes back what was written beyond `size`; what cannot be taken back now is when the file is next opened. */
  async cut(size: number): Promise<void> {
    await this.#handle.truncate(size).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Two outputs in one file would overwrite each other. */
  #refuseSame(other: OutputFile): void {
    if (this.#identity !== other.#identity) return;
    const message = `${this.#path}: is the same file as ${other.#path}. Remove the link, or choose another name.`;
    throw new TagsmithError("output_not_distinct", message, "exit");
  }

  async #cutBack(size: number): Promise<void> {
    await this.#handle.truncate(size);
    await this.#handle.datasync();
  }
}

function checkSize(path: string, found: number, wanted: number | undefined, overwrite: boolean): void {
  if (wanted === undefined && found > 0 && !overwrite) {
    const advice = "Move it away, choose another file, or set overwrite.";
    throw new TagsmithError("output_exists", `${path}: the file already has content. ${advice}`, "exit");
  }
  if (wanted !== undefined && found < wanted) {
    const sizes = `the file has ${found} bytes, ${wanted} were written before the last stop`;
    const advice = "Put the file back, or start over with a new state.";
    throw new TagsmithError("output_shorter_than_checkpoint", `${path}: ${sizes}. ${advice}`, "exit");
  }
}

/** What a failure of the file system means for the output at `path`. */
export function outputError(path: string, cause: unknown): TagsmithError {
  if (cause instanceof TagsmithError) return cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new TagsmithError("output_disk_full", `${path}: no space is left for the output.`, "retry", cause);
  }
  if (code === "EISDIR") {
    return new TagsmithError("output_unwritable", `${path}: is a folder. Name a file in it.`, "exit", cause);
  }
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new TagsmithError("output_unwritable", `${path}: cannot be written (${detail}).`, "exit", cause);
}

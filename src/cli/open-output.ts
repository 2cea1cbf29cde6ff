import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { printableJson, type Terminal } from "./terminal.ts";

/** Where a command writes its result: a file that appears whole when closed, or standard output. */
export interface Output {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** Removes what was written so far; the target stays as it was. */
  discard(): Promise<void>;
}

/**
 * Opens `path`, or standard output when it is undefined or `-`, for the time of `work`; when that fails, the file there
 * stays as it was. Throws `output_unwritable`.
 */
export async function withOutput(
  path: string | undefined,
  terminal: Terminal,
  work: (output: Output) => Promise<void>,
): Promise<void> {
  const output = await openOutput(path, terminal);
  try {
    await work(output);
    await output.close();
  } catch (error) {
    await output.discard();
    throw error;
  }
}

async function openOutput(path: string | undefined, terminal: Terminal): Promise<Output> {
  if (path === undefined || path === "-") {
    const write = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        terminal.out.write(printableJson(text), (error) =>
          error ? reject(unwritable("standard output", error)) : resolve(),
        );
      });
    return { write, close: async () => undefined, discard: async () => undefined };
  }
  return openFile(path);
}

async function openFile(path: string): Promise<Output> {
  const part = await partOf(path);
  const opened = part ?? { from: path, to: path };
  let file: FileHandle;
  try {
    file = await open(opened.from, "w");
  } catch (cause) {
    throw unwritable(path, cause);
  }
  const guard = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (cause) {
      throw unwritable(path, cause);
    }
  };
  return {
    write: (text) => guard(() => file.writeFile(text)),
    close: () =>
      guard(async () => {
        if (part !== undefined) await file.datasync();
        await file.close();
        if (part !== undefined) await rename(part.from, part.to);
      }),
    discard: async () => {
      await file.close().catch(() => undefined);
      if (part !== undefined) await rm(part.from, { force: true });
    },
  };
}

/** Where a file grows and what it becomes, links followed; undefined for a device or pipe, which is written as it is. */
async function partOf(path: string): Promise<{ readonly from: string; readonly to: string } | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw unwritable(path, new Error("it is a folder"));
  if (found !== undefined && !found.isFile()) return undefined;
  const to = found === undefined ? path : await realpath(path);
  return { from: `${to}.part`, to };
}

function unwritable(path: string, cause: unknown): TagsmithError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TagsmithError("output_unwritable", `${path}: cannot be written: ${reason}`, "exit", cause);
}

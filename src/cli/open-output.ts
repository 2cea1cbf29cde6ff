import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { printableJson, type Terminal } from "./terminal.ts";

/** Where a command writes its result: a file that appears whole when closed, or standard output. */
export interface Output {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** Removes what was written so far; the target stays as it was. */
  discard(): Promise<void>;
}

/** Opens `path`, or standard output when it is undefined or `-`. Throws `output_unwritable`. */
export async function openOutput(path: string | undefined, terminal: Terminal): Promise<Output> {
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
  const part = `${path}.part`;
  let file: FileHandle;
  try {
    file = await open(part, "w");
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
        await file.datasync();
        await file.close();
        await rename(part, path);
      }),
    discard: async () => {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
    },
  };
}

function unwritable(path: string, cause: unknown): TagsmithError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TagsmithError("output_unwritable", `${path}: cannot be written: ${reason}`, "exit", cause);
}

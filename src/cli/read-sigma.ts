import { type Dirent, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SigmaText } from "../sigma/index.ts";

/** Reads Sigma texts: files, every `.yml` and `.yaml` of folders (sorted by path), or `-` for standard input. */
export function readSigmaTexts(paths: readonly string[]): SigmaText[] {
  return paths.flatMap(filesOf).map((file) => ({ file, text: readText(file) }));
}

function filesOf(path: string): string[] {
  if (path === "-" || !isFolder(path)) return [path];
  const files = folderFiles(path);
  if (files.length === 0) throw new TagsmithError("sigma_no_files", `${path}: no .yml or .yaml file is in it.`, "exit");
  return files.sort();
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function folderFiles(folder: string): string[] {
  const isRule = (entry: Dirent): boolean => entry.isFile() && /\.ya?ml$/i.test(entry.name);
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(isRule)
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

/** Bytes of a file, or of standard input; the parser takes far less. */
const maxBytes = 67_108_864;

function readText(file: string): string {
  try {
    if (file === "-") return readStandardInput().replace(/^\ufeff/, "");
    if (statSync(file).size > maxBytes) throw new RangeError(`it has more than ${maxBytes} bytes`);
    return readFileSync(file, "utf8").replace(/^\ufeff/, "");
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** A pipe whose sender is slow answers EAGAIN: it is asked again a little later. */
function readStandardInput(): string {
  const chunks: Buffer[] = [];
  for (let bytes = 0; bytes <= maxBytes; bytes += chunks.at(-1)?.length ?? 0) {
    const chunk = readChunk();
    if (chunk.length === 0) return Buffer.concat(chunks).toString("utf8");
    chunks.push(chunk);
  }
  throw new RangeError(`it has more than ${maxBytes} bytes`);
}

function readChunk(): Buffer {
  const chunk = Buffer.allocUnsafe(65_536);
  for (;;) {
    try {
      return chunk.subarray(0, readSync(0, chunk));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EOF") return chunk.subarray(0, 0);
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function unreadable(path: string, cause: unknown): TagsmithError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TagsmithError("sigma_unreadable", `${path}: cannot be read: ${reason}`, "exit", cause);
}

import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
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

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8").replace(/^\ufeff/, "");
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(path: string, cause: unknown): TagsmithError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TagsmithError("sigma_unreadable", `${path}: cannot be read: ${reason}`, "exit", cause);
}

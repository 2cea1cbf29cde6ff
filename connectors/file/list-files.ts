import { type BigIntStats, constants } from "node:fs";
import { access, glob, stat } from "node:fs/promises";
import { TagsmithError } from "#sdk";
import { fileError } from "./file-input.ts";

/** A file as a listing found it. */
export interface ListedFile {
  readonly path: string;
  /** Stays with the file when it is renamed, and is not given to another one. */
  readonly identity: string;
  readonly bytes: number;
  /** `stream`: a pipe or device, which is read once from its beginning. */
  readonly kind: "file" | "stream";
}

/** The path of standard input. */
export const stdinPath = "-";

/**
 * Files behind paths and globs, in path order, each once even where two names lead to it. A path or pattern without a
 * file throws TagsmithError `file_not_found`, unless `mayBeMissing` says that it may come later.
 */
export async function listFiles(
  patterns: readonly string[],
  mayBeMissing: (pattern: string) => boolean,
): Promise<ListedFile[]> {
  const found = new Map<string, ListedFile>();
  for (const pattern of patterns) {
    const files = await listPattern(pattern);
    if (files.length === 0 && !mayBeMissing(pattern)) throw notFound(pattern);
    for (const file of files) if (!found.has(file.identity)) found.set(file.identity, file);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Whether a path names several files rather than one. */
export function isGlob(pattern: string): boolean {
  return /[*?[\]{}]/.test(pattern);
}

async function listPattern(pattern: string): Promise<ListedFile[]> {
  if (pattern === stdinPath) return [{ path: stdinPath, identity: stdinPath, bytes: 0, kind: "stream" }];
  const literal = await inspect(pattern);
  if (literal === "directory") throw isDirectory(pattern);
  if (literal !== undefined) return [literal];
  if (!isGlob(pattern)) return [];
  const files: ListedFile[] = [];
  for await (const path of glob(pattern)) {
    const file = await inspect(path);
    if (file !== undefined && file !== "directory") files.push(file);
  }
  return files;
}

/** Undefined when there is no such file (any more). */
async function inspect(path: string): Promise<ListedFile | "directory" | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    if (found.isDirectory()) return "directory";
    await access(path, constants.R_OK);
    return { path, identity: identityOf(found), bytes: Number(found.size), kind: found.isFile() ? "file" : "stream" };
  } catch (cause) {
    const error = fileError(path, cause);
    if (error.code === "file_not_found") return undefined;
    throw error;
  }
}

/** The device number is left out where the birth time is known: it can change when the machine restarts. */
function identityOf(found: BigIntStats): string {
  const { ino, dev, birthtimeNs } = found;
  return birthtimeNs > 0n ? `${ino}-${birthtimeNs}` : `${ino}-${dev}d`;
}

function notFound(pattern: string): TagsmithError {
  const message = isGlob(pattern) ? "no file matches this pattern." : "there is no such file.";
  return new TagsmithError("file_not_found", `${pattern}: ${message}`, "exit");
}

function isDirectory(path: string): TagsmithError {
  return new TagsmithError(
    "file_is_directory",
    `${path}: is a directory; name its files, as in ${path}/*.json`,
    "exit",
  );
}

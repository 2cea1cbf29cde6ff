import { resolve } from "node:path";
import { type SourceSlice, TagsmithError } from "#sdk";
import type { FileSourceConfig } from "./config.ts";
import { listFiles, stdinPath } from "./list-files.ts";

/**
 * One slice a file. Followed files are one slice for each of the configured paths, since a path's files rotate. Throws
 * `config_invalid` for standard input, which no other node could go on with, and `file_not_found`.
 */
export async function splitFiles(config: FileSourceConfig): Promise<readonly SourceSlice[]> {
  if (config.paths.includes(stdinPath)) {
    throw new TagsmithError("config_invalid", "source.paths: nodes of a cluster cannot share standard input", "exit");
  }
  const files = config.follow ? config.paths : (await listFiles(config.paths, () => false)).map(({ path }) => path);
  return [...new Set(files)].map((path) => ({ name: resolve(path), settings: { ...config, paths: [path] } }));
}

import { copyFile, mkdir, open, readdir, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { type Fence, TagsmithError } from "#sdk";
import { type Appended, OutputFile, outputError } from "./output-file.ts";

/** How much of which owner's file is confirmed. */
interface Confirmed {
  readonly token: number | undefined;
  readonly size: number;
}

/**
 * Opens the file of one owner of a part of the work, `labels.SCOPE.TOKEN.ndjson` for `labels.ndjson`; it appears with
 * its first line. What earlier owners wrote beyond what is confirmed is taken away: their files are replaced by copies
 * of the confirmed part, so that an owner that still runs writes to a file that nobody sees. Throws
 * `output_shorter_than_checkpoint` where the file is not there: all nodes need one folder.
 */
export async function openFencedFile(path: string, fence: Fence, last: Confirmed): Promise<Appended> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await takeOver(path, fence, last);
  } catch (cause) {
    throw outputError(path, cause);
  }
  return lazyFile(nameOf(path, fence.scope, fence.token), fence);
}

async function takeOver(path: string, fence: Fence, last: Confirmed): Promise<void> {
  for (const { name, token } of await earlierFiles(path, fence)) {
    if (last.token === undefined || token > last.token || name.endsWith(sealing)) await rm(name, { force: true });
    else if (token === last.token) await seal(name, last.size, fence.token);
  }
  if (last.token !== undefined && last.size > 0) await checkThere(nameOf(path, fence.scope, last.token));
}

function nameOf(path: string, scope: string, token: number): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}.${scope}.${token}${ext}`);
}

/** Ends the name of a copy in the making, after the token of its maker. */
const sealing = ".sealing";

async function earlierFiles(path: string, { scope, token: own }: Fence) {
  const { name, ext } = parse(path);
  const found = await readdir(dirname(path));
  return found.flatMap((file) => {
    const start = `${name}.${scope}.`;
    const end = file.endsWith(sealing) ? sealing : ext;
    if (!file.startsWith(start) || !file.endsWith(end)) return [];
    const text = file.slice(start.length, file.length - end.length);
    const token = Number(text);
    return /^\d+$/.test(text) && token < own ? [{ name: join(dirname(path), file), token }] : [];
  });
}

async function seal(file: string, size: number, own: number): Promise<void> {
  if (size === 0) return rm(file, { force: true });
  const { dir, name } = parse(file);
  const copy = join(dir, `${name.replace(/\d+$/, String(own))}${sealing}`);
  await copyFile(file, copy);
  if ((await stat(copy)).size < size) throw missing(file);
  await truncate(copy, size);
  const handle = await open(copy, "r+");
  await handle.datasync().finally(() => handle.close());
  await rename(copy, file);
}

async function checkThere(file: string): Promise<void> {
  await stat(file).catch(() => {
    throw missing(file);
  });
}

function missing(file: string): TagsmithError {
  const message = `${file}: what was written before is not there. All nodes must write to one folder.`;
  return new TagsmithError("output_shorter_than_checkpoint", message, "exit");
}

function lazyFile(path: string, fence: Fence): Appended {
  let file: OutputFile | undefined;
  return {
    async write(text, from) {
      if (text === "") return from;
      file ??= await makeFile(path, fence);
      return file.write(text, from);
    },
    cut: async (size) => file?.cut(size),
    close: async () => file?.close(),
  };
}

/** The next owner takes away what it finds: a file that it may not have found must stay without a line. */
async function makeFile(path: string, { check }: Fence): Promise<OutputFile> {
  const file = await OutputFile.open(path, undefined, true, []);
  try {
    check?.();
    return file;
  } catch (cause) {
    await file.close();
    await rm(path, { force: true });
    throw cause;
  }
}

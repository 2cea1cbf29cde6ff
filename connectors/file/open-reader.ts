import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { FileInput, type Input, openFile } from "./file-input.ts";
import type { FileEntry, FileLedger } from "./file-ledger.ts";
import { FileReader } from "./file-reader.ts";
import { GzipInput } from "./gzip-input.ts";
import { type ListedFile, stdinPath } from "./list-files.ts";
import { StreamInput } from "./stream-input.ts";

const headBytes = 256;

/** What opening needs besides the file. */
export interface OpenSettings {
  readonly maxRecordBytes: number;
  readonly stdin: () => Readable;
}

/** A file being read and its place in the ledger. */
export interface OpenedFile {
  readonly entry: FileEntry;
  readonly reader: FileReader;
}

/** Opens a file where the ledger says that reading goes on, or at its start; a stream always begins at its start. */
export async function openReader(file: ListedFile, ledger: FileLedger, settings: OpenSettings): Promise<OpenedFile> {
  const { maxRecordBytes } = settings;
  if (file.kind === "stream") {
    const entry = ledger.restart(file);
    const input = new StreamInput(file.path === stdinPath ? settings.stdin() : createReadStream(file.path));
    return { entry, reader: new FileReader(input, entry.container, entry.position, maxRecordBytes) };
  }
  const handle = await openFile(file.path);
  try {
    const entry = await resumedEntry(file, handle, ledger);
    const reader = new FileReader(await inputOf(handle, file, entry), entry.container, entry.position, maxRecordBytes);
    return { entry, reader };
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

async function inputOf(handle: FileHandle, file: ListedFile, entry: FileEntry): Promise<Input> {
  const { offset } = entry.position;
  return (await isGzip(handle, file.path)) ? new GzipInput(handle, offset) : new FileInput(handle, offset);
}

async function isGzip(handle: FileHandle, path: string): Promise<boolean> {
  const magic = await readHead(handle, 2);
  return (magic[0] === 0x1f && magic[1] === 0x8b) || (magic.length > 0 && path.endsWith(".gz"));
}

/** The ledger's entry when the file still is what it was, read so far; a new entry otherwise. */
async function resumedEntry(file: ListedFile, handle: FileHandle, ledger: FileLedger): Promise<FileEntry> {
  const known = ledger.find(file.identity);
  if (known !== undefined && (await isSame(known, file, handle))) {
    known.path = file.path;
    known.doneBytes = undefined;
    return known;
  }
  return ledger.add(file, headMark(await readHead(handle, headBytes)));
}

async function isSame(known: FileEntry, file: ListedFile, handle: FileHandle): Promise<boolean> {
  if (!(await isGzip(handle, file.path)) && file.bytes < known.position.offset) return false;
  const bytes = Number.parseInt(known.head, 10) || 0;
  return bytes === 0 || headMark(await readHead(handle, bytes)) === known.head;
}

function headMark(bytes: Uint8Array): string {
  return `${bytes.length}:${createHash("sha256").update(bytes).digest("base64url").slice(0, 12)}`;
}

async function readHead(handle: FileHandle, size: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { TagsmithError } from "#sdk";
import type { FileEntry } from "./file-entry.ts";
import { FileInput, fileError, openFile } from "./file-input.ts";
import type { FileLedger } from "./file-ledger.ts";
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
  /** Can grow: a plain file, neither compressed nor a stream. */
  readonly canGrow: boolean;
  /** Whether a plain file that now has this size still begins as it did, and nothing that was read is gone. */
  isSame(bytes: number): Promise<boolean>;
}

/** As `openReader`; undefined when the file was there a moment ago, when it was listed, and is gone since. */
export async function openIfPresent(
  file: ListedFile,
  ledger: FileLedger,
  settings: OpenSettings,
): Promise<OpenedFile | undefined> {
  try {
    return await openReader(file, ledger, settings);
  } catch (cause) {
    if (cause instanceof TagsmithError && cause.code === "file_not_found") return undefined;
    throw cause;
  }
}

/** Opens a file where the ledger says that reading goes on, or at its start; a stream always begins at its start. */
async function openReader(file: ListedFile, ledger: FileLedger, settings: OpenSettings): Promise<OpenedFile> {
  const { maxRecordBytes } = settings;
  if (file.kind === "stream") {
    const entry = ledger.restart(file);
    const input = new StreamInput(file.path === stdinPath ? settings.stdin() : createReadStream(file.path));
    const reader = new FileReader(input, entry.container, entry.position, maxRecordBytes);
    return { entry, reader, canGrow: false, isSame: async () => true };
  }
  const handle = await openFile(file.path);
  try {
    const isCompressed = await isGzip(handle, file.path);
    const entry = await resumedEntry(file, handle, ledger, isCompressed);
    const { offset } = entry.position;
    const input = isCompressed ? new GzipInput(handle, offset) : new FileInput(handle, offset);
    const reader = new FileReader(input, entry.container, entry.position, maxRecordBytes);
    const isSame = async (bytes: number) => bytes >= reader.consumed && (await stillBegins(entry, bytes, handle));
    return { entry, reader, canGrow: !isCompressed, isSame };
  } catch (cause) {
    await handle.close();
    throw fileError(file.path, cause);
  }
}

/** As `hasSameHead`, with the error that the user understands. */
async function stillBegins(entry: FileEntry, bytes: number, handle: FileHandle): Promise<boolean> {
  try {
    return await hasSameHead(entry, bytes, handle);
  } catch (cause) {
    throw fileError(entry.path, cause);
  }
}

async function isGzip(handle: FileHandle, path: string): Promise<boolean> {
  const magic = await readHead(handle, 2);
  return (magic[0] === 0x1f && magic[1] === 0x8b) || (magic.length > 0 && path.endsWith(".gz"));
}

/** The ledger's entry when the file still is what it was, read so far; a new entry otherwise. */
async function resumedEntry(file: ListedFile, handle: FileHandle, ledger: FileLedger, isCompressed: boolean) {
  const known = ledger.find(file);
  const isShorter = known !== undefined && !isCompressed && file.bytes < known.position.offset;
  if (known !== undefined && !isShorter && (await hasSameHead(known, file.bytes, handle))) {
    known.path = file.path;
    known.doneBytes = undefined;
    return known;
  }
  return ledger.add(file, headMark(await readHead(handle, headBytes)));
}

/** Compares the first bytes with those seen before; takes note of more of them while the file is still short. */
async function hasSameHead(entry: FileEntry, bytes: number, handle: FileHandle): Promise<boolean> {
  const marked = Number.parseInt(entry.head, 10) || 0;
  const head = await readHead(handle, headBytes);
  if (headMark(head.subarray(0, marked)) !== (entry.head || headMark(head.subarray(0, 0)))) return false;
  if (bytes > marked && marked < headBytes) entry.head = headMark(head);
  return true;
}

function headMark(bytes: Uint8Array): string {
  return `${bytes.length}:${createHash("sha256").update(bytes).digest("base64url").slice(0, 12)}`;
}

async function readHead(handle: FileHandle, size: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}

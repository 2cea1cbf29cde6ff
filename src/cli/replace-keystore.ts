import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** How long a writer waits for others. */
const lockTimeoutMs = 30_000;

/**
 * Replaces a keystore's file by what `change` makes, with no other writer in between; a reader, and who looks after a
 * crash, finds the old file or the new one. It keeps its owner, also when an administrator changes it. Throws
 * `keystore_unwritable`, and what `change` throws: nothing is replaced then.
 */
export function replaceKeystore(path: string, change: () => Buffer): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = existsSync(path) ? realpathSync(path) : path;
    alone(`${file}.lock`, () => write(file, change()));
  } catch (cause) {
    if (cause instanceof TagsmithError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${path}: the keystore cannot be written: ${reason}. Check its folder's permissions and free space.`;
    throw new TagsmithError("keystore_unwritable", message, "exit", cause);
  }
}

/** SQLite's lock of a file without content: the system takes it back when a process ends, however it ends. */
function alone(lockPath: string, work: () => void): void {
  closeSync(openSync(lockPath, "a", 0o600));
  const lock = new DatabaseSync(lockPath, { timeout: lockTimeoutMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    work();
  } finally {
    lock.close();
  }
}

function write(path: string, bytes: Buffer): void {
  const next = `${path}.new`;
  // One that a killed writer left.
  rmSync(next, { force: true });
  try {
    fill(next, bytes, path);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function fill(next: string, bytes: Buffer, path: string): void {
  const owner = statSync(path, { throwIfNoEntry: false });
  const file = openSync(next, "wx", 0o600);
  try {
    fchmodSync(file, 0o600);
    if (owner !== undefined && owner.uid !== process.getuid?.()) fchownSync(file, owner.uid, owner.gid);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

import { type Remedy, TagsmithError } from "../event/tagsmith-error.ts";

const damaged = "Move it away to start over: sources are then read from their configured start.";

/** Primary SQLite result codes that have an answer of their own: code, what it means, remedy. */
const known: Readonly<Record<number, readonly [code: string, meaning: string, remedy: Remedy]>> = {
  5: ["state_locked", "another process uses this state file.", "exit"],
  6: ["state_locked", "another connection uses this state file.", "exit"],
  8: ["state_unwritable", "the state file, or its folder, is read-only.", "exit"],
  11: ["state_corrupt", `the state file is damaged. ${damaged}`, "exit"],
  13: ["state_disk_full", "no space is left for the state file.", "retry"],
  14: ["state_unwritable", "the state file cannot be opened.", "exit"],
  26: ["state_corrupt", `this is not a state file, or its beginning is damaged. ${damaged}`, "exit"],
};

/** Turns whatever SQLite or the file system threw into a TagsmithError that names the file. */
export function stateError(path: string, cause: unknown): TagsmithError {
  if (cause instanceof TagsmithError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const entry = known[primaryCode(cause)];
  if (entry !== undefined) return new TagsmithError(entry[0], `${path}: ${entry[1]} (${detail})`, entry[2], cause);
  const code = isSystemError(cause) ? "state_unwritable" : "state_failed";
  return new TagsmithError(code, `${path}: ${detail}`, "exit", cause);
}

/** The error for content that SQLite can read and Tagsmith cannot. */
export function corruptState(path: string, detail: string): TagsmithError {
  return new TagsmithError("state_corrupt", `${path}: the state file is damaged (${detail}). ${damaged}`, "exit");
}

function primaryCode(cause: unknown): number {
  if (typeof cause !== "object" || cause === null || !("errcode" in cause)) return 0;
  return Number(cause.errcode) & 0xff;
}

function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause;
}

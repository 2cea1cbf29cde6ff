import type { Document } from "../../sdk/document.ts";

/**
 * A journald entry whose values that are lists of byte numbers are text: journalctl writes values so that hold
 * control characters or are no UTF-8 (systemd, Journal JSON Format). Undefined where there is none.
 */
export function convertJournaldBytes(document: Document): readonly Document[] | undefined {
  const entries = Object.entries(document);
  if (!entries.some(([, value]) => isBytes(value))) return undefined;
  return [Object.fromEntries(entries.map(([key, value]) => [key, isBytes(value) ? decode(value) : value]))];
}

function isBytes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every(isByte);
}

function isByte(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
}

/** Bytes that are no UTF-8 become U+FFFD; colour sequences of terminals are left as they are. */
function decode(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString("utf8");
}

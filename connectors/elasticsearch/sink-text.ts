import { createHash } from "node:crypto";

const maxQuoted = 10_000;

/** A text as JSON; half surrogate pairs, which servers refuse, become U+FFFD. */
export function quote(text: string): string {
  return JSON.stringify(text.toWellFormed());
}

/** Quotes texts of which there are few, and keeps what it made; starts again when there are many after all. */
export function cachedQuote(): (text: string) => string {
  const quoted = new Map<string, string>();
  return (text) => {
    const known = quoted.get(text);
    if (known !== undefined) return known;
    if (quoted.size >= maxQuoted) quoted.clear();
    const made = quote(text);
    quoted.set(text, made);
    return made;
  };
}

/** A time as servers read it, to the microsecond; undefined when there is none, or none of four-digit years. */
export function isoTime(timeMs: number | undefined): string | undefined {
  if (timeMs === undefined || !(timeMs >= earliestMs && timeMs < latestMs)) return undefined;
  const wholeMs = Math.floor(timeMs);
  const text = new Date(wholeMs).toISOString();
  const micros = Math.floor((timeMs - wholeMs) * 1_000);
  return micros === 0 ? text : `${text.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}

const earliestMs = Date.parse("0001-01-01T00:00:00Z");
const latestMs = Date.parse("+010000-01-01T00:00:00Z");

/** A document id made of ours: ids of servers have 512 bytes at most and are never empty. */
export function documentId(id: string): string {
  if (/^[\x21-\x7e]{1,256}$/.test(id)) return id;
  return `sha256-${createHash("sha256").update(id).digest("hex")}`;
}

/** JSON without half surrogate pairs, which servers refuse. */
export function wellFormedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === "string" ? inner.toWellFormed() : inner));
}

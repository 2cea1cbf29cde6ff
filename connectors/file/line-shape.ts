import type { FileShape } from "./file-shape.ts";
import { tryParse } from "./parse-json.ts";

const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const quote = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const newline = 0x0a;
/** Space, tab, CR, `}`, `]`, `,`, `:`, `"`: a line of a printed JSON value may begin with these. */
const continuing = new Set([0x20, 0x09, 0x0d, 0x0a, 0x7d, closeBracket, comma, colon, quote]);
const scalarLine = /^(?:true|false|null|-?\d[\d.eE+-]*)[ \t\r]*(?:$|[\n,\]}])/;
/** Longest JSON number or literal worth recognising at the beginning of a line. */
const scalarBytes = 64;

/**
 * Whether the line that begins at `at` can belong to the value that the line before left open; undefined when more
 * bytes are needed. `previous` is the last byte before the line that is not white space.
 */
export function continuesValue(
  bytes: Buffer,
  at: number,
  end: number,
  open: { readonly inArray: boolean; readonly previous: number },
): boolean | undefined {
  if (at >= end) return undefined;
  const byte = bytes[at] ?? 0;
  if (continuing.has(byte)) return true;
  if (byte === openBrace || byte === openBracket) {
    if (open.previous === comma) return open.inArray;
    return open.previous === openBracket || open.previous === colon;
  }
  const line = bytes.toString("latin1", at, Math.min(end, at + scalarBytes));
  if (line.length < scalarBytes && !line.includes("\n")) return undefined;
  return scalarLine.test(line);
}

/**
 * Whether a `[` opens an array of documents rather than a line of text, or a value that is no object; undefined when
 * more bytes are needed.
 */
export function opensArray(bytes: Buffer, at: number, end: number, shape: FileShape): boolean | undefined {
  for (let next = at + 1; next < end; next += 1) {
    const byte = bytes[next] ?? 0;
    if (isSpace(byte)) continue;
    if (byte === closeBracket) return shape === "arrays";
    return byte === openBrace || (shape !== "text" && (byte === openBracket || byte === quote));
  }
  return undefined;
}

/** Index of the first line after `from` that is a whole JSON object by itself, from its first column on. */
export function findWholeLine(bytes: Buffer, from: number, end: number): number | undefined {
  for (let at = bytes.indexOf(newline, from) + 1; at > 0 && at < end; at = bytes.indexOf(newline, at) + 1) {
    if (bytes[at] !== openBrace) continue;
    const next = bytes.indexOf(newline, at);
    if (parseLine(bytes, at, next < 0 || next > end ? end : next) !== undefined) return at;
  }
  return undefined;
}

/** The object a line holds, a comma after it allowed; undefined when it is anything else. */
export function parseLine(bytes: Buffer, start: number, lineEnd: number): { readonly value: unknown } | undefined {
  let end = lineEnd;
  while (end > start && (isSpace(bytes[end - 1] ?? 0) || bytes[end - 1] === comma)) end -= 1;
  return bytes[end - 1] === 0x7d ? tryParse(bytes.toString("utf8", start, end)) : undefined;
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

export function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline, from); at >= 0 && at < to; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}

/** Index of the first byte that ends something without brackets in an array. */
export function tokenEnd(bytes: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === comma || byte === closeBracket || isSpace(byte)) return at;
  }
  return end;
}

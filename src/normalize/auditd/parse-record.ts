import { type AuditHeader, scanAuditHeader } from "./scan-header.ts";

/** Field values as written, quotes included; the first of equal names counts. */
export type AuditFields = ReadonlyMap<string, string>;

export type ParsedRecord =
  | { readonly kind: "record"; readonly header: AuditHeader; readonly fields: AuditFields }
  | { readonly kind: "unparsable"; readonly reason: string };

/** Longest names first, so that `AUID` is not read as a value ending in A. */
const gluedNames = [
  "OLD-AUID",
  "SYSCALL",
  "OBJ_UID",
  "SADDR",
  "FSUID",
  "FSGID",
  "AUID",
  "EUID",
  "SUID",
  "OUID",
  "EGID",
  "SGID",
  "OGID",
  "ARCH",
  "UID",
  "GID",
];

/** One line of an audit log. Takes any string, in time linear in its length; says why where it is no record. */
export function parseAuditRecord(line: string): ParsedRecord {
  const header = scanAuditHeader(line);
  if (header === undefined) return { kind: "unparsable", reason: "no type= and audit(time:serial)" };
  return { kind: "record", header, fields: parseFields(line, header.body) };
}

/** Fields from `start` on: plain, quoted, nested in msg='…', and the enriched ones after byte 0x1D or glued to the last. */
export function parseFields(line: string, start: number): AuditFields {
  const fields = new Map<string, string>();
  readFields(line, start, line.length, fields);
  return fields;
}

function readFields(line: string, start: number, end: number, fields: Map<string, string>): void {
  let at = start;
  while (at < end) {
    while (at < end && isSeparator(line.charCodeAt(at))) at += 1;
    const nameStart = at;
    while (at < end && !isSeparator(line.charCodeAt(at)) && line.charCodeAt(at) !== 61) at += 1;
    if (at >= end || line.charCodeAt(at) !== 61) continue;
    at = readValue(line, nameOf(line, nameStart, at), at + 1, end, fields);
  }
}

/** How shippers write the byte before enriched fields where they cannot leave it. */
const writtenMark = /^(?:#035|\\035|\\x1d|\\u001d|\^\]|<1d>|\ufffd)/i;

const markAtEnd = /(?:#035|\\035|\\x1d|\\u001d|\^\]|<1d>|\ufffd)$/i;

function nameOf(line: string, start: number, end: number): string {
  const name = line.slice(start, end);
  const first = line.charCodeAt(start);
  return first < 65 || first > 126 || first === 92 || first === 94 ? name.replace(writtenMark, "") : name;
}

/** Stores the value at `at` and returns where the next field starts. */
function readValue(line: string, name: string, at: number, end: number, fields: Map<string, string>): number {
  const first = line.charCodeAt(at);
  if (first === 34) return readQuoted(line, name, at, end, fields);
  if (first === 39) return readNested(line, name, at, end, fields);
  if (first === 123) return at + 1;
  let stop = at;
  while (stop < end && !isSeparator(line.charCodeAt(stop))) {
    // Enriched fields may be glued to the last plain one: `key=(null)ARCH=x86_64`.
    if (line.charCodeAt(stop) === 61 && stop > at && isCapital(line.charCodeAt(stop - 1))) {
      const glued = gluedName(line, stop);
      if (glued > 0 && stop - glued >= at) {
        const value = line.slice(at, stop - glued).replace(markAtEnd, "");
        return store(fields, name, value, stop - glued);
      }
    }
    stop += 1;
  }
  return store(fields, name, line.slice(at, stop), stop);
}

/** Length of the known name that ends at `end`; 0 where there is none. */
function gluedName(line: string, end: number): number {
  return gluedNames.find((known) => line.startsWith(known, end - known.length))?.length ?? 0;
}

function readQuoted(line: string, name: string, at: number, end: number, fields: Map<string, string>): number {
  const close = line.indexOf('"', at + 1);
  if (close < 0 || close >= end) return store(fields, name, line.slice(at, end), end);
  return store(fields, name, line.slice(at, close + 1), close + 1);
}

function readNested(line: string, name: string, at: number, end: number, fields: Map<string, string>): number {
  const close = name === "msg" ? line.lastIndexOf("'", end - 1) : line.indexOf("'", at + 1);
  const innerEnd = close > at && close < end ? close : end;
  if (name !== "msg")
    return store(fields, name, line.slice(at, Math.min(innerEnd + 1, end)), Math.min(innerEnd + 1, end));
  readFields(line, at + 1, innerEnd, fields);
  return innerEnd + 1;
}

function store(fields: Map<string, string>, name: string, value: string, next: number): number {
  if (name !== "" && !fields.has(name)) fields.set(name, value);
  return next;
}

/** Space, tab, line ends, and the byte that auditd writes before enriched fields. */
function isSeparator(code: number): boolean {
  return code === 32 || code === 29 || code === 9 || code === 10 || code === 13;
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90;
}

import type { Document } from "../../sdk/document.ts";
import { asText, scalarText } from "../coerce-value.ts";
import { isObject } from "../compile-path.ts";
import { writeArguments, writeHeader, writeSet, writeText } from "./write-record.ts";

/**
 * Records that one event may have many of are lists in Laurel's output; more than these tell nothing new, and of
 * paths the first is the program's.
 */
const maxRecords = 8;
/** Names that are the event's or Laurel's own, not records. */
const noRecord: ReadonlySet<string> = new Set(["ID", "NODE", "ENV", "PARENT_INFO", "CONTAINER_INFO", "LABELS"]);
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Writes one event of Laurel's JSON as the lines it was made of, every line a record. Undefined where its `ID` is no
 * audit time and serial, or it holds no record.
 */
export function renderLaurel(_: unknown, document: Document): string | undefined {
  const id = asText(document["ID"]);
  if (typeof id !== "string" || !/^\d{1,20}\.\d{1,20}:\d{1,20}$/.test(id)) return undefined;
  const node = scalarText(document["NODE"]);
  const lines: string[] = [];
  for (const [type, value] of Object.entries(document)) {
    if (!/^[A-Z][A-Z0-9_]{1,40}$/.test(type) || noRecord.has(type)) continue;
    const records: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const record of records.slice(0, type === "PATH" ? 1 : maxRecords)) {
      if (!isObject(record)) continue;
      const parent = type === "SYSCALL" ? writeSet("PARENT", parentOf(record, document)) : "";
      lines.push(writeHeader(type, id, node) + bodyOf(type, record) + parent);
    }
  }
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** What Laurel adds about the parent process; older versions wrote its arguments beside the records. */
function parentOf(syscall: Document, event: Document): string | undefined {
  const inside = syscall["PPID"];
  const beside = event["PARENT_INFO"];
  const known = isObject(inside) ? inside : isObject(beside) ? beside : {};
  const words = argumentsIn(known);
  const program = scalarText(known["exe"]);
  return words.length > 0 ? words.join(" ") : program === undefined ? undefined : unescapePercent(program);
}

function bodyOf(type: string, record: Document): string {
  if (type === "EXECVE") return execveOf(record);
  if (type === "PROCTITLE") return titleOf(record);
  const nested = record["msg"];
  return fieldsOf(record) + (isObject(nested) ? fieldsOf(nested) : "");
}

/** Not ARGV: outside of EXECVE and PROCTITLE it holds registers. */
function fieldsOf(record: Document): string {
  let fields = "";
  for (const [name, value] of Object.entries(record)) fields += fieldOf(name, value);
  return fields;
}

/** What is read of a record; those that hold text, which a bare value would be hex in, and the rest. */
const texts: ReadonlySet<string> = new Set("comm exe cwd name cmd acct key terminal".split(" "));
const words: ReadonlySet<string> = new Set(
  "arch syscall success items ppid pid auid uid euid tty ses item res ARCH SYSCALL AUID UID EUID".split(" "),
);

/** Numbers stay numbers; text was percent-escaped byte by byte. */
function fieldOf(name: string, value: unknown): string {
  const isText = texts.has(name);
  if (!isText && !words.has(name)) return "";
  if (typeof value === "number") return isText ? writeText(name, String(value)) : ` ${name}=${value}`;
  if (typeof value !== "string") return "";
  const text = name === "arch" ? value.replace(/^0x/, "") : unescapePercent(value);
  return !isText && /^[\w()-]{1,40}$/.test(text) ? ` ${name}=${text}` : writeText(name, text);
}

function execveOf(record: Document): string {
  const args = argumentsIn(record);
  const argc = scalarText(record["argc"]);
  const joined = record["ARGV_STR"];
  if (args.length > 0) return writeArguments(args, argc);
  return typeof joined === "string" ? writeArguments([unescapePercent(joined)], "1") : "";
}

function titleOf(record: Document): string {
  const joined = record["ARGV_STR"] ?? record["proctitle"];
  const words = argumentsIn(record);
  if (words.length > 0) return writeText("proctitle", words.join("\0"));
  return typeof joined === "string" ? writeText("proctitle", unescapePercent(joined)) : "";
}

/** The list of arguments, or `a0` and on where Laurel was told to leave them. */
function argumentsIn(record: Document): string[] {
  const list: unknown = record["ARGV"];
  if (Array.isArray(list)) return list.flatMap((one) => scalarText(one) ?? []).map(unescapePercent);
  const numbered = Object.entries(record).filter(([name]) => /^a\d{1,7}$/.test(name));
  numbered.sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)));
  return numbered.flatMap(([, value]) => scalarText(value) ?? []).map(unescapePercent);
}

/** Laurel writes `%`, `+`, control bytes and bytes that are not UTF-8 as `%` and two digits. */
function unescapePercent(text: string): string {
  if (!text.includes("%")) return text;
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => decoder.decode(Buffer.from(run.replaceAll("%", ""), "hex")));
}

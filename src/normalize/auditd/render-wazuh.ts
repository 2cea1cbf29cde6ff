import type { Document } from "../../sdk/document.ts";
import { asText, scalarText } from "../coerce-value.ts";
import { compilePath, isObject } from "../compile-path.ts";
import { parseTime } from "../parse-time.ts";
import { writeBare, writeHeader, writeSet, writeText } from "./write-record.ts";

const readLog = compilePath("full_log");
const readExecve = compilePath("data.audit.execve");
const readId = compilePath("id");
const readTimes = [compilePath("timestamp"), compilePath("@timestamp")];
const bare = {
  arch: "arch",
  syscall: "syscall",
  success: "success",
  ppid: "ppid",
  pid: "pid",
  auid: "auid",
  uid: "uid",
  euid: "euid",
  tty: "tty",
  ses: "session",
} as const;
const set = { comm: "command", exe: "exe", key: "key", cmd: "cmd", acct: "acct" } as const;
const readField = compileFields([...Object.values(bare), ...Object.values(set), "id", "type", "cwd"]);

/**
 * The audit lines of one Wazuh alert: `full_log` where it holds them, since the decoder leaves out arguments in hex and
 * those after the eighth; else lines written from what was decoded. Undefined where there is neither.
 */
export function renderWazuhAudit(_: unknown, document: Document): string | undefined {
  const log = asText(readLog(document));
  if (typeof log === "string" && log.includes("audit(") && log.includes("type=")) return log;
  const serial = field(document, "id") ?? alertNumber(document);
  const time = timeOf(document);
  if (serial === undefined || !/^\d{1,20}$/.test(serial) || time === undefined) return undefined;
  const stamp = `${time}:${serial}`;
  const lines = [writeHeader(typeOf(document), stamp) + actorOf(document)];
  const args = argumentsOf(document);
  if (args !== "") lines.push(writeHeader("EXECVE", stamp) + args);
  const cwd = field(document, "cwd");
  if (cwd !== undefined) lines.push(writeHeader("CWD", stamp) + writeSet("cwd", cwd));
  return lines.join("\n");
}

function compileFields(names: readonly string[]): ReadonlyMap<string, (document: Document) => unknown> {
  return new Map(names.map((name) => [name, compilePath(`data.audit.${name}`)]));
}

function field(document: Document, name: string): string | undefined {
  const text = asText(readField.get(name)?.(document));
  return typeof text === "string" ? text : undefined;
}

/** What is behind the dot of an alert's id: the decoded fields may lack the record's own number. */
function alertNumber(document: Document): string | undefined {
  const text = asText(readId(document));
  return typeof text === "string" ? /^\d{1,20}\.(\d{1,20})$/.exec(text)?.[1] : undefined;
}

/** The decoder keeps no time of the record, so the alert's must do. */
function timeOf(document: Document): string | undefined {
  for (const read of readTimes) {
    const text = asText(read(document));
    const timeMs = typeof text === "string" ? parseTime("rfc3339", text) : undefined;
    if (timeMs !== undefined && timeMs >= 0) return (timeMs / 1000).toFixed(3);
  }
  return undefined;
}

function typeOf(document: Document): string {
  const type = field(document, "type");
  return type !== undefined && /^[A-Z][A-Z0-9_]{1,40}$/.test(type) ? type : "SYSCALL";
}

function actorOf(document: Document): string {
  let body = "";
  for (const [name, source] of Object.entries(bare)) body += writeBare(name, field(document, source));
  for (const [name, source] of Object.entries(set)) body += writeSet(name, field(document, source));
  return body;
}

/** The arguments decoded, each under its own number, so that one the decoder passed over shows as lost. */
function argumentsOf(document: Document): string {
  let body = "";
  for (const [name, value] of decodedArguments(document)) {
    const text = /^a\d{1,7}$/.test(name) ? scalarText(Array.isArray(value) ? value[0] : value) : undefined;
    if (text !== undefined) body += writeText(name, text);
  }
  return body;
}

function decodedArguments(document: Document): [string, unknown][] {
  const execve: unknown = readExecve(document);
  if (isObject(execve)) return Object.entries(execve);
  const prefix = "data.audit.execve.";
  return Object.entries(document).flatMap(([key, value]): [string, unknown][] =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
  );
}

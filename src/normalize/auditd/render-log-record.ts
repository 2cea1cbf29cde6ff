import type { Document } from "../../sdk/document.ts";
import { asText, scalarText } from "../coerce-value.ts";
import { compilePath } from "../compile-path.ts";
import { parseTime } from "../parse-time.ts";
import { encodedByKernel } from "./decode-value.ts";
import { isGap, writeArguments, writeBare, writeHeader, writeSet, writeText } from "./write-record.ts";

/**
 * Writes one document of Filebeat's auditd module or of the auditd integration, which hold one record each, as the line
 * it was made of. Undefined where the document names no sequence or no time: nothing could then be joined to it.
 */
export function renderLogRecord(_: unknown, document: Document): string | undefined {
  const sequence = textAt(document, read.sequence);
  const timeText = textAt(document, read.time) ?? textAt(document, read.created);
  const timeMs = timeText === undefined ? undefined : parseTime("rfc3339", timeText);
  if (sequence === undefined || !/^\d{1,20}$/.test(sequence) || timeText === undefined) return undefined;
  if (timeMs === undefined || timeMs < 0) return undefined;
  const stamp = `${Math.floor(timeMs / 1000)}.${fractionOf(timeText)}:${sequence}`;
  const type = typeOf(document);
  const node = textAt(document, read.node);
  const line = writeHeader(type, stamp, node) + bodyOf(type, document);
  if (type !== "SYSCALL" || readArgs(document) === undefined) return line;
  // Somebody put the two together already.
  return `${line}\n${writeHeader("EXECVE", stamp, node)}${argumentsOf(document)}`;
}

/** Where each field lies: as auditd names it, as old versions left it, or under its ECS name. */
const read = {
  sequence: paths("auditd.log.sequence"),
  time: paths("@timestamp"),
  created: paths("event.created"),
  node: paths("auditd.log.node"),
  type: paths("auditd.log.record_type", "event.action"),
  arch: paths("auditd.log.arch", "host.architecture"),
  syscall: paths("auditd.log.syscall"),
  success: paths("auditd.log.success", "event.outcome"),
  items: paths("auditd.log.items"),
  ppid: paths("auditd.log.ppid", "process.parent.pid", "process.ppid"),
  pid: paths("auditd.log.pid", "process.pid"),
  auid: paths("auditd.log.auid", "user.audit.id", "user.audit.uid"),
  uid: paths("auditd.log.uid", "user.id"),
  euid: paths("auditd.log.euid", "user.effective.id"),
  tty: paths("auditd.log.tty"),
  terminal: paths("auditd.log.terminal", "user.terminal"),
  ses: paths("auditd.log.ses", "auditd.session"),
  comm: paths("auditd.log.comm", "process.name"),
  exe: paths("auditd.log.exe", "process.executable"),
  key: paths("auditd.log.key"),
  auidName: paths("auditd.log.AUID", "user.audit.name"),
  uidName: paths("auditd.log.UID", "user.name"),
  euidName: paths("auditd.log.EUID", "user.effective.name"),
  syscallName: paths("auditd.log.SYSCALL"),
  acct: paths("auditd.log.acct", "user.name"),
  cmd: paths("auditd.log.cmd"),
  cwd: paths("auditd.log.cwd", "process.working_directory"),
  item: paths("auditd.log.item"),
  name: paths("auditd.log.name", "file.path"),
  title: paths("auditd.log.proctitle", "process.title"),
  argc: paths("auditd.log.argc", "process.args_count"),
  argument: paths("auditd.log.a0"),
} as const;
const readArgs = compilePath("process.args");
const readLog = compilePath("auditd.log");

type Reader = (document: Document) => unknown;

function paths(...names: readonly string[]): readonly Reader[] {
  return names.map(compilePath);
}

function textAt(document: Document, readers: readonly Reader[]): string | undefined {
  for (const one of readers) {
    const text = asText(one(document));
    if (typeof text === "string") return text;
  }
  return undefined;
}

/** The digits of the second's fraction as written, at least three. */
function fractionOf(time: string): string {
  return (/[.,](\d{1,18})/.exec(time)?.[1] ?? "").padEnd(3, "0");
}

/**
 * The record's type, in the kernel's spelling. Pipelines write it as the action, or what happened in its place; then what
 * the document holds tells. SECCOMP records name a system call without being one.
 */
function typeOf(document: Document): string {
  const named = textAt(document, read.type) ?? "";
  const type = named === "ran-command" ? "USER_CMD" : named.toUpperCase();
  if (textAt(document, read.syscall) !== undefined && type !== "SECCOMP") return "SYSCALL";
  const isUser = type.startsWith("USER_");
  if (!isUser && (readArgs(document) !== undefined || textAt(document, read.argument) !== undefined)) return "EXECVE";
  return /^[A-Z][A-Z0-9_]{2,40}$/.test(type) ? type : "UNKNOWN";
}

function bodyOf(type: string, document: Document): string {
  switch (type) {
    case "EXECVE":
      return argumentsOf(document);
    case "PROCTITLE":
      // The pipelines show the bytes between arguments, which are zero, as ^@.
      return writeSet("proctitle", textAt(document, read.title)?.replaceAll("^@", "\0"));
    case "CWD":
      return writeSet("cwd", textAt(document, read.cwd));
    case "PATH":
      return writeBare("item", textAt(document, read.item)) + writeSet("name", textAt(document, read.name));
    default:
      return actorOf(type, document);
  }
}

function actorOf(type: string, document: Document): string {
  const isCall = type === "SYSCALL";
  const bare = ["arch", "syscall", "success", "items", "ppid", "pid", "auid", "uid", "euid", "tty", "ses"] as const;
  const set = ["terminal", "comm", "exe", "key"] as const;
  let body = "";
  for (const name of bare) body += writeBare(name, wordOf(name, textAt(document, read[name])));
  for (const name of set) body += writeSet(name, textAt(document, read[name]));
  body += writeSet("AUID", textAt(document, read.auidName)) + writeSet("EUID", textAt(document, read.euidName));
  if (isCall) return body + writeSet("UID", textAt(document, read.uidName)) + writeSet("SYSCALL", callName(document));
  if (type === "USER_CMD") body += commandOf(document) + writeSet("cwd", textAt(document, read.cwd));
  return body + writeSet("acct", textAt(document, read.acct));
}

/** Outcomes are written as the kernel does. */
function wordOf(name: string, text: string | undefined): string | undefined {
  if (name !== "success") return text;
  return text === "success" ? "yes" : text === "failed" || text === "failure" || text === "fail" ? "no" : text;
}

/** Also where the number's place holds the name. */
function callName(document: Document): string | undefined {
  const name = textAt(document, read.syscallName) ?? textAt(document, read.syscall);
  return name !== undefined && /^[a-z]/.test(name) ? name : undefined;
}

function commandOf(document: Document): string {
  const args: unknown = readArgs(document);
  if (!Array.isArray(args)) return writeSet("cmd", textAt(document, read.cmd) ?? scalarText(args));
  return writeSet("cmd", args.flatMap((one) => scalarText(one) ?? []).join(" "));
}

function argumentsOf(document: Document): string {
  const args: unknown = readArgs(document);
  const argc = textAt(document, read.argc);
  const list: readonly unknown[] = Array.isArray(args) ? args : args === undefined ? [] : [args];
  const texts = list.flatMap((one) => scalarText(one) ?? []);
  if (texts.length === 0) return oldArguments(document, argc);
  // Without a count the event would seem to wait for more; a record that begins with lost ones continues another.
  return writeArguments(texts, argc ?? (isGap(texts[0]) ? undefined : String(texts.length)));
}

/** Old versions left `a0` and so on where they were, without their quotes: what only the kernel writes is decoded. */
function oldArguments(document: Document, argc: string | undefined): string {
  let body = writeBare("argc", argc);
  const log: unknown = readLog(document);
  const holder = typeof log === "object" && log !== null ? Object.entries(log) : flatLog(document);
  for (const [name, value] of holder) {
    const text = scalarText(value);
    if (text === undefined || !/^a\d{1,7}(?:\[\d{1,7}\]|_len)?$/.test(name)) continue;
    body += encodedByKernel(text)
      ? ` ${name}=${text}`
      : name.endsWith("_len")
        ? ` ${name}=${Number(text) || 0}`
        : writeText(name, text);
  }
  return body;
}

function flatLog(document: Document): [string, unknown][] {
  const prefix = "auditd.log.";
  return Object.entries(document).flatMap(([key, value]): [string, unknown][] =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
  );
}

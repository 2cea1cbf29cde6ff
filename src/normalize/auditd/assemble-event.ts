import { decodedValue, setValue } from "./decode-value.ts";
import { architectureName, syscallName } from "./exec-syscall.ts";
import { assembleArguments } from "./execve-arguments.ts";
import { type AuditFields, parseFields } from "./parse-record.ts";
import type { AuditHeader } from "./scan-header.ts";

/** One record of an event: its header and the line it was read from. */
export interface AuditLine {
  readonly header: AuditHeader;
  readonly line: string;
  /** The line was longer than the bound and lost its end. */
  readonly cut: boolean;
}

/** One audit event, decoded; absent values are left out, and numbers stay as written except `time_ms`. */
export interface AuditdEvent {
  readonly kind: "exec" | "user_cmd" | "login" | "other";
  readonly sequence: string;
  readonly time: string;
  readonly time_ms: number;
  readonly types: readonly string[];
  readonly incomplete: boolean;
  readonly node?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Where `args` come from: the attempted program alone for a failed exec that has no EXECVE record. */
  readonly args_from?: "execve" | "proctitle" | "path" | undefined;
  readonly proctitle?: string | undefined;
  readonly cmd?: string | undefined;
  readonly exe?: string | undefined;
  readonly comm?: string | undefined;
  readonly cwd?: string | undefined;
  readonly path?: string | undefined;
  /** The parent's program or command, where whoever wrote the record knew it. */
  readonly parent?: string | undefined;
  readonly pid?: string | undefined;
  readonly ppid?: string | undefined;
  readonly ses?: string | undefined;
  readonly tty?: string | undefined;
  readonly auid?: string | undefined;
  readonly uid?: string | undefined;
  readonly euid?: string | undefined;
  readonly auid_name?: string | undefined;
  readonly uid_name?: string | undefined;
  readonly euid_name?: string | undefined;
  readonly acct?: string | undefined;
  readonly success?: boolean | undefined;
  /** `success` in the words of Auditbeat. */
  readonly result?: "success" | "fail" | undefined;
  readonly syscall?: string | undefined;
  readonly arch?: string | undefined;
  readonly key?: readonly string[] | undefined;
}

/** The kernel cuts a process title at this many bytes. */
const titleBytes = 128;
const noFields: AuditFields = new Map();

/** Decodes the records of one event, given in any order; at least one. */
export function assembleAuditEvent(lines: readonly AuditLine[]): AuditdEvent {
  const first = lines[0]?.header;
  if (first === undefined) throw new RangeError("an audit event has at least one record");
  const syscall = fieldsOf(lines, "SYSCALL");
  const command = fieldsOf(lines, "USER_CMD");
  const login = fieldsOf(lines, "LOGIN") ?? fieldsOf(lines, "USER_LOGIN");
  const main = syscall ?? command ?? login ?? otherFields(lines);
  const call = syscallName(setValue(main.get("arch")), setValue(main.get("syscall")), setValue(main.get("SYSCALL")));
  const hasExecve = lines.some((line) => line.header.type === "EXECVE");
  const isExec = hasExecve || call === "execve" || call === "execveat";
  const kind = isExec ? "exec" : command !== undefined ? "user_cmd" : login !== undefined ? "login" : "other";
  const incomplete = lines.some((line) => line.cut) || (isExec && syscall === undefined);
  const event: AuditdEvent = {
    kind,
    sequence: first.serial,
    time: first.time,
    time_ms: first.timeMs,
    types: lines.map((line) => line.header.type),
    incomplete,
    ...(first.node === undefined ? {} : { node: first.node }),
    ...whoAndWhere(main, lines),
    ...(call === undefined ? {} : { syscall: call }),
  };
  return isExec ? { ...event, ...execArguments(event, lines) } : event;
}

function whoAndWhere(main: AuditFields, lines: readonly AuditLine[]): Partial<AuditdEvent> {
  const success = outcome(setValue(main.get("success") ?? main.get("res")));
  return {
    exe: decodedValue(main.get("exe")),
    comm: decodedValue(main.get("comm")),
    cmd: decodedValue(main.get("cmd")),
    acct: decodedValue(main.get("acct")),
    cwd: decodedValue(fieldsOf(lines, "CWD")?.get("cwd") ?? main.get("cwd")),
    path: decodedValue(firstPath(lines)?.get("name")),
    proctitle: titleWords(lines)?.join(" "),
    parent: decodedValue(main.get("PARENT")),
    pid: setValue(main.get("pid")),
    ppid: setValue(main.get("ppid")),
    ses: setValue(main.get("ses")),
    tty: setValue(main.get("tty") ?? main.get("terminal")),
    auid: setValue(main.get("auid")),
    uid: setValue(main.get("uid")),
    euid: setValue(main.get("euid")),
    auid_name: setValue(main.get("AUID")),
    uid_name: setValue(main.get("UID")),
    euid_name: setValue(main.get("EUID")),
    success,
    result: success === undefined ? undefined : success ? "success" : "fail",
    arch: architectureName(setValue(main.get("arch")), setValue(main.get("ARCH"))),
    key: decodedValue(main.get("key"))?.split("\u0001"),
  };
}

function execArguments(event: AuditdEvent, lines: readonly AuditLine[]): Partial<AuditdEvent> {
  const records = lines.filter((line) => line.header.type === "EXECVE").map(fieldsIn);
  const execve = assembleArguments(records);
  if (execve.args.length > 0) {
    return { args: execve.args, args_from: "execve", incomplete: event.incomplete || execve.incomplete };
  }
  // The title and the executable of a failed exec are the caller's; only the path names what was tried.
  if (event.success === false) {
    return event.path === undefined ? { incomplete: true } : { args: [event.path], args_from: "path" };
  }
  const title = titleWords(lines);
  if (title === undefined) return { incomplete: true };
  const cut = Buffer.byteLength(title.join(" ")) >= titleBytes - 1;
  return { args: title, args_from: "proctitle", incomplete: event.incomplete || cut };
}

/** Words of the process title: NUL between arguments; a rewritten title is one word. */
function titleWords(lines: readonly AuditLine[]): string[] | undefined {
  const title = decodedValue(fieldsOf(lines, "PROCTITLE")?.get("proctitle"))?.replace(/\0+$/, "");
  return title === undefined || title === "" ? undefined : title.split("\0");
}

function firstPath(lines: readonly AuditLine[]): AuditFields | undefined {
  const paths = lines.filter((line) => line.header.type === "PATH");
  if (paths.length > 64) return fieldsIn(paths[0]);
  return paths.map(fieldsIn).find((fields) => fields.get("item") === "0");
}

function outcome(text: string | undefined): boolean | undefined {
  if (text === "yes" || text === "success" || text === "1") return true;
  return text === "no" || text === "failed" || text === "0" ? false : undefined;
}

function otherFields(lines: readonly AuditLine[]): AuditFields {
  const line = lines.find(({ header }) => !["CWD", "PATH", "PROCTITLE", "EXECVE", "EOE"].includes(header.type));
  return line === undefined ? noFields : fieldsIn(line);
}

function fieldsOf(lines: readonly AuditLine[], type: string): AuditFields | undefined {
  const line = lines.find(({ header }) => header.type === type);
  return line === undefined ? undefined : fieldsIn(line);
}

function fieldsIn(line: AuditLine | undefined): AuditFields {
  return line === undefined ? noFields : parseFields(line.line, line.header.body);
}

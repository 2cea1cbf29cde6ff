import type { RecordPosition } from "../record-reader.ts";
import type { AuditLine } from "./assemble-event.ts";
import { unquote } from "./decode-value.ts";
import { syscallName } from "./exec-syscall.ts";
import { type AuditFields, parseFields } from "./parse-record.ts";

/** The records of one audit event seen so far. */
export interface EventGroup {
  readonly key: string;
  readonly stream: string;
  readonly host: string | undefined;
  readonly timeMs: number;
  /** How many events the stream, and the reader, had opened before this one. */
  readonly openedInStream: number;
  readonly openedAt: number;
  readonly records: RecordPosition[];
  readonly lines: AuditLine[];
  chars: number;
  paths: number;
  /** PATH records that the SYSCALL record announces; -1 while unknown. */
  pathsExpected: number;
  /** -1 until the record with `argc` came. */
  argsExpected: number;
  args: number;
  pieceCharsExpected: number;
  pieceChars: number;
  /** Bits of `part`: which kinds of record are there. */
  parts: number;
}

/** A group without records; `at` says how many events came before it. */
export function openGroup(
  at: Pick<EventGroup, "key" | "stream" | "host" | "timeMs" | "openedInStream" | "openedAt">,
): EventGroup {
  const counters = { chars: 0, paths: 0, pathsExpected: -1, argsExpected: -1, args: 0, pieceCharsExpected: 0 };
  return { ...at, ...counters, pieceChars: 0, parts: 0, records: [], lines: [] };
}

/** Kinds of record that tell whether an event is whole. */
export const part = { syscall: 1, execve: 2, cwd: 4, title: 8, end: 16, exec: 32 } as const;

/** Adds one record; the same record may bring several lines. */
export function addLine(group: EventGroup, record: RecordPosition, line: AuditLine): void {
  if (group.records.at(-1) !== record) group.records.push(record);
  group.chars += line.line.length;
  if (line.header.type === "EOE") {
    group.parts |= part.end;
    return;
  }
  group.lines.push(line);
  switch (line.header.type) {
    case "SYSCALL":
      group.parts |= part.syscall;
      group.pathsExpected = announcedPaths(line.line, line.header.body);
      if (isSuccessfulExec(line.line, line.header.body)) group.parts |= part.exec;
      break;
    case "EXECVE":
      group.parts |= part.execve;
      countArguments(group, parseFields(line.line, line.header.body));
      break;
    case "CWD":
      group.parts |= part.cwd;
      break;
    case "PATH":
      group.paths += 1;
      break;
    case "PROCTITLE":
      group.parts |= part.title;
      break;
  }
}

/**
 * Everything the kernel writes for this event is there, in whatever order it came: its end mark after a SYSCALL, or
 * SYSCALL, title, working directory, the announced paths and all arguments. Exact, so that order changes nothing.
 */
export function isWhole(group: EventGroup): boolean {
  const { parts } = group;
  if ((parts & part.syscall) === 0 || (parts & (part.title | part.end)) === 0) return false;
  if (group.paths < group.pathsExpected) return false;
  if (group.pathsExpected > 0 && (parts & part.cwd) === 0) return false;
  if ((parts & part.execve) === 0) return (parts & part.exec) === 0;
  return group.argsExpected >= 0 && group.args >= group.argsExpected && group.pieceChars >= group.pieceCharsExpected;
}

function announcedPaths(line: string, body: number): number {
  const items = /[ ]items=(\d{1,6})(?:\s|$)/.exec(line.slice(body, body + 400))?.[1];
  return items === undefined ? -1 : Number(items);
}

/** Only these come with EXECVE records. */
function isSuccessfulExec(line: string, body: number): boolean {
  const call = /[ ]arch=([0-9a-z_]{1,16}) syscall=([0-9a-z]{1,10}) success=yes(?:\s|$)/.exec(
    line.slice(body, body + 100),
  );
  return call !== null && syscallName(call[1], call[2], undefined)?.startsWith("execve") === true;
}

/** Counts arguments and the characters of split ones as they come, so that no record is counted twice. */
function countArguments(group: EventGroup, fields: AuditFields): void {
  for (const [name, value] of fields) {
    if (name === "argc") group.argsExpected = countOf(value);
    else if (/^a\d{1,9}$/.test(name)) group.args += 1;
    else if (/^a\d{1,9}_len$/.test(name)) group.pieceCharsExpected += countOf(value);
    else if (/^a\d{1,9}\[\d{1,9}\]$/.test(name)) {
      if (name.endsWith("[0]")) group.args += 1;
      group.pieceChars += unquote(value).length;
    }
  }
}

function countOf(value: string): number {
  const count = Number(value);
  return Number.isFinite(count) ? count : 0;
}

import type { Document } from "../../sdk/document.ts";
import { scalarText } from "../coerce-value.ts";
import { isObject } from "../compile-path.ts";
import { writeHeader, writeSet } from "./write-record.ts";

/** More messages than any event has; what lies beyond is left out. */
const maxMessages = 16_384;
const names = { auid: "AUID", uid: "UID", euid: "EUID" } as const;

/**
 * Writes one event of go-audit as audit lines, with the user names of its `uid_map`. Undefined where it has no sequence,
 * no time, or no message.
 */
export function renderGoAudit(_: unknown, document: Document): string | undefined {
  const sequence = scalarText(document["sequence"]);
  const time = scalarText(document["timestamp"]);
  const messages: unknown = document["messages"];
  if (sequence === undefined || !/^\d{1,20}$/.test(sequence) || !Array.isArray(messages)) return undefined;
  if (time === undefined || !/^\d{1,20}(?:\.\d{1,20})?$/.test(time)) return undefined;
  const stamp = `${time.includes(".") ? time : `${time}.0`}:${sequence}`;
  const users: unknown = document["uid_map"];
  const lines: string[] = [];
  for (const message of messages.slice(0, maxMessages)) {
    const line = isObject(message) ? lineOf(message, stamp, isObject(users) ? users : {}) : undefined;
    if (line !== undefined) lines.push(line);
  }
  return lines.length === 0 ? undefined : lines.join("\n");
}

function lineOf(message: Document, stamp: string, users: Document): string | undefined {
  const type = scalarText(message["type"]);
  const data: unknown = message["data"];
  if (type === undefined || !/^[A-Z0-9_]{1,40}$/.test(type) || typeof data !== "string") return undefined;
  // A line feed in it would start a record; the kernel writes none.
  const body = data.replaceAll(/[\r\n]/g, " ");
  return `${writeHeader(type, stamp)} ${body}${namesOf(body, users)}`;
}

/** The names of the users that the record gives by number, as auditd adds them. */
function namesOf(body: string, users: Document): string {
  if (!body.includes("uid=")) return "";
  let fields = "";
  for (const [field, name] of Object.entries(names)) {
    const id = new RegExp(`(?:^| )${field}=(\\d{1,10})(?: |$)`).exec(body.slice(0, 1_000))?.[1];
    if (id !== undefined && Object.hasOwn(users, id)) fields += writeSet(name, scalarText(users[id]));
  }
  return fields;
}

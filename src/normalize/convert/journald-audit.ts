import type { Document } from "../../sdk/document.ts";
import { scalarText } from "../coerce-value.ts";

const microseconds = /^(\d{1,12})(\d{3})\d{3}$/;
const typeName = /^[A-Z0-9_]{1,40}(?:\[\d{1,6}\])?$/;

/**
 * A kernel audit record that journald took (`_TRANSPORT` audit) as the line auditd writes: journald keeps its type,
 * serial number and time in fields, and the rest in `MESSAGE` after the type's name.
 */
export function convertJournaldAudit(document: Document): readonly Document[] | undefined {
  const { MESSAGE: message, _AUDIT_TYPE_NAME: type, _HOSTNAME: name } = document;
  const serial = scalarText(document["_AUDIT_ID"]) ?? "";
  const timestamp = document["_SOURCE_REALTIME_TIMESTAMP"] ?? document["__REALTIME_TIMESTAMP"];
  const time = microseconds.exec(scalarText(timestamp) ?? "");
  if (typeof message !== "string" || typeof type !== "string" || !typeName.test(type)) return undefined;
  if (time === null || !/^\d{1,20}$/.test(serial)) return undefined;
  const fields = message.startsWith(`${type} `) ? message.slice(type.length + 1) : message;
  const line = `type=${type} msg=audit(${time[1]}.${time[2]}:${serial}): ${fields}`;
  return [{ message: line, ...(typeof name === "string" ? { host: { name } } : {}) }];
}

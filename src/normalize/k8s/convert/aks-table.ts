import { parseJson } from "../../parse-json.ts";
import { type Obj, text } from "../safe-value.ts";
import { present } from "./audit-event.ts";

/** Columns of Azure's AKSAudit and AKSAuditAdmin tables, and the fields of an audit event they hold. */
const columns: Readonly<Record<string, string>> = {
  Level: "level",
  AuditId: "auditID",
  Stage: "stage",
  RequestUri: "requestURI",
  Verb: "verb",
  User: "user",
  ImpersonatedUser: "impersonatedUser",
  SourceIps: "sourceIPs",
  UserAgent: "userAgent",
  ObjectRef: "objectRef",
  ResponseStatus: "responseStatus",
  RequestObject: "requestObject",
  ResponseObject: "responseObject",
  RequestReceivedTime: "requestReceivedTimestamp",
  StageReceivedTime: "stageTimestamp",
  Annotations: "annotations",
};
const maxChars = 1_048_576;

/** A row of an AKSAudit table, whose dynamic columns are objects or JSON text, as an audit event. */
export function convertAksTable(document: Obj): readonly Obj[] | undefined {
  if (text(document["Verb"]) === "") return undefined;
  const fields = Object.entries(columns).map(([column, field]) => [field, plain(document[column])] as const);
  return [{ kind: "Event", apiVersion: "audit.k8s.io/v1", ...present(Object.fromEntries(fields)) }];
}

function plain(value: unknown): unknown {
  if (typeof value !== "string" || value.length > maxChars) return value;
  if (!value.startsWith("{") && !value.startsWith("[")) return value;
  return parseJson(value) ?? value;
}

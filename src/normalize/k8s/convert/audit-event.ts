import { type Obj, obj, text } from "../safe-value.ts";

/** The parts of an audit event as another shape gives them; empty ones are left out. */
export interface AuditParts {
  readonly verb: string;
  readonly objectRef?: Obj;
  readonly requestURI?: string;
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly impersonated?: string;
  readonly extra?: Obj;
  readonly userAgent?: string;
  readonly sourceIPs?: readonly string[];
  readonly stage?: string;
  readonly auditID?: string;
  readonly code?: string;
  readonly reason?: string;
  readonly decision?: string;
  readonly decisionReason?: string;
  readonly time?: string;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly cluster?: string;
}

/** An audit.k8s.io/v1 event of its parts, with the cluster's name where ECS has it. */
export function auditEvent(parts: AuditParts): Record<string, unknown> {
  const { verb, username = "", groups = [], extra, impersonated = "", code = "", reason = "", cluster = "" } = parts;
  const user = present({ username, groups: groups.length === 0 ? "" : groups, extra });
  const status = present({ code, reason });
  const annotations = present({
    "authorization.k8s.io/decision": parts.decision,
    "authorization.k8s.io/reason": parts.decisionReason,
  });
  return present({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    verb,
    objectRef: parts.objectRef,
    requestURI: parts.requestURI,
    user,
    impersonatedUser: impersonated === "" ? undefined : { username: impersonated },
    userAgent: parts.userAgent,
    sourceIPs: parts.sourceIPs,
    stage: parts.stage,
    auditID: parts.auditID,
    responseStatus: status,
    annotations,
    requestReceivedTimestamp: parts.time,
    requestObject: parts.requestObject,
    responseObject: parts.responseObject,
    orchestrator: cluster === "" ? undefined : { cluster: { name: cluster } },
  });
}

/** The entries that hold something: no blank text, empty list or empty object. */
export function present(fields: Obj): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name in fields) if (!isEmpty(fields[name])) kept[name] = fields[name];
  return kept;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (typeof value !== "object") return false;
  for (const _ in value) return false;
  return true;
}

/** The first of some values that is a non-empty text. */
export function firstText(...values: readonly unknown[]): string {
  for (const value of values) {
    const found = text(value);
    if (found !== "") return found;
  }
  return "";
}

/** The value at a path of names, objects all the way; undefined where there is none. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>((holder, name) => obj(holder)[name], value);
}

import { list, type Obj, obj, text } from "../safe-value.ts";
import { at, auditEvent, firstText, present } from "./audit-event.ts";
import { gkeTarget } from "./gke-target.ts";
import { grpcStatus } from "./grpc-status.ts";
import { subtree } from "./subtree.ts";

/** Where an export keeps the audit log: Cloud Logging, the Elastic package, BigQuery. */
const places = ["protoPayload", "gcp.audit", "protopayload_auditlog"];

/**
 * A GKE entry of Cloud Audit Logs as an audit event. What was done stands in `methodName` and `resourceName`, the answer
 * is a gRPC code (written as the HTTP code it stands for), and there is neither a request URI nor, as a rule, the command
 * of an exec.
 */
export function convertGke(document: Obj): readonly Obj[] | undefined {
  for (const place of places) {
    const log = subtree(document, place);
    if (log === undefined) continue;
    const event = eventOf(log, document);
    return event === undefined ? undefined : [event];
  }
  return undefined;
}

function eventOf(log: Obj, document: Obj): Obj | undefined {
  const read = (name: string): unknown => pick(log, name);
  const target = gkeTarget(text(read("methodName")), text(read("resourceName")));
  if (target === undefined) return undefined;
  const who = obj(read("authenticationInfo"));
  const caller = obj(read("requestMetadata"));
  const operation = { ...obj(document["operation"]), ...obj(read("logentryOperation")) };
  const labels = { ...obj(document["labels"]), ...obj(read("labels")) };
  const { code, reason } = grpcStatus(read("status") ?? document["status"]);
  const subject = text(pick(who, "principalSubject"));
  return auditEvent({
    verb: target.verb,
    objectRef: present({ ...target.objectRef }),
    requestURI: firstText(read("requestURI"), target.path),
    username: firstText(pick(who, "principalEmail"), subject, at(document, "client", "user", "email")),
    userAgent: firstText(pick(caller, "callerSuppliedUserAgent"), at(document, "user_agent", "original")),
    sourceIPs: [firstText(pick(caller, "callerIp"), caller["callerIP"], at(document, "source", "ip"))].filter(
      (ip) => ip !== "",
    ),
    stage: operation["first"] === true && operation["last"] !== true ? "ResponseStarted" : "ResponseComplete",
    auditID: firstText(operation["id"], document["insertId"], at(document, "event", "id")),
    code,
    reason,
    ...decisionOf(labels, read("authorizationInfo") ?? document["authorizationInfo"]),
    time: firstText(document["timestamp"], log["timestamp"], document["receiveTimestamp"]),
    requestObject: read("request") ?? log["requestJson"],
    responseObject: read("response"),
    cluster: firstText(
      at(document, "resource", "labels", "cluster_name"),
      at(read("resource"), "labels", "cluster_name"),
      at(document, "orchestrator", "cluster", "name"),
    ),
  });
}

/** A field by its name in the API, or as the Elastic package writes it: `methodName`, `method_name`. */
function pick(holder: Obj, name: string): unknown {
  return holder[name] ?? holder[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

function decisionOf(labels: Obj, authorization: unknown): { decision: string; decisionReason: string } {
  const decisionReason = text(labels["authorization.k8s.io/reason"]);
  const decision = text(labels["authorization.k8s.io/decision"]);
  if (decision !== "") return { decision, decisionReason };
  const granted = list(authorization).map((one) => obj(one)["granted"]);
  if (granted.includes(false)) return { decision: "forbid", decisionReason };
  return { decision: granted.includes(true) ? "allow" : "", decisionReason };
}

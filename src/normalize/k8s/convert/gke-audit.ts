import { compilePath } from "../../compile-path.ts";
import { isTrue, list, type Obj, obj, text } from "../safe-value.ts";
import { at, auditEvent, firstText, present } from "./audit-event.ts";
import { gkeTarget } from "./gke-target.ts";
import { grpcStatus } from "./grpc-status.ts";
import { subtree } from "./subtree.ts";

/** Where an export keeps the audit log: Cloud Logging, the Elastic package, BigQuery. */
const places = ["protoPayload", "gcp.audit", "protopayload_auditlog"];
const parts: ReadonlySet<string> = new Set(
  "authenticationInfo authentication_info requestMetadata request_metadata request response status resource labels logentryOperation logentry_operation".split(
    " ",
  ),
);
const clusterName = compilePath("resource.labels.cluster_name");
const orchestratorName = compilePath("orchestrator.cluster.name");
const operationParts = {
  id: compilePath("operation.id"),
  first: compilePath("operation.first"),
  last: compilePath("operation.last"),
};
const clientAddress = compilePath("source.ip");
const clientAgent = compilePath("user_agent.original");
const clientEmail = compilePath("client.user.email");
const eventId = compilePath("event.id");

/**
 * A GKE entry of Cloud Audit Logs as an audit event. What was done stands in `methodName` and `resourceName`, the answer
 * is a gRPC code (written as the HTTP code it stands for), and there is neither a request URI nor, as a rule, the command
 * of an exec.
 */
export function convertGke(document: Obj): readonly Obj[] | undefined {
  for (const place of places) {
    const log = subtree(document, place, parts);
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
  const own = obj(read("logentryOperation"));
  const isFirst = isTrue(operationParts.first(document) ?? own["first"]);
  const isLast = isTrue(operationParts.last(document) ?? own["last"]);
  const labels = { ...obj(document["labels"]), ...obj(read("labels")) };
  const { code, reason } = grpcStatus(read("status") ?? document["status"]);
  const subject = text(pick(who, "principalSubject"));
  return auditEvent({
    verb: target.verb,
    objectRef: present({ ...target.objectRef }),
    requestURI: firstText(read("requestURI"), target.path),
    username: firstText(pick(who, "principalEmail"), subject, clientEmail(document)),
    userAgent: firstText(pick(caller, "callerSuppliedUserAgent"), clientAgent(document)),
    sourceIPs: [firstText(pick(caller, "callerIp"), caller["callerIP"], clientAddress(document))].filter(
      (ip) => ip !== "",
    ),
    stage: isFirst && !isLast ? "ResponseStarted" : "ResponseComplete",
    auditID: firstText(operationParts.id(document), own["id"], document["insertId"], eventId(document)),
    code,
    reason,
    ...decisionOf(labels, read("authorizationInfo") ?? document["authorizationInfo"]),
    time: firstText(document["timestamp"], log["timestamp"], document["receiveTimestamp"]),
    requestObject: read("request") ?? log["requestJson"],
    responseObject: read("response"),
    cluster: firstText(
      clusterName(document),
      at(read("resource"), "labels", "cluster_name"),
      orchestratorName(document),
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

import { list, type Obj, obj, text, texts } from "../safe-value.ts";
import { targetOfUri } from "../target-of-uri.ts";
import { undotAudit } from "../undot-audit.ts";
import { at, auditEvent, firstText, present } from "./audit-event.ts";
import { fieldsBelow } from "./subtree.ts";

/**
 * An OCSF API Activity event (class 6003) of a Kubernetes API server, as Security Lake writes EKS audit logs: what OCSF
 * has no place for stands in `unmapped`, often under dotted keys.
 */
export function convertOcsf(document: Obj): readonly Obj[] | undefined {
  const api = obj(document["api"]);
  const verb = text(api["operation"]);
  const rest = fieldsBelow(document, "unmapped") ?? {};
  const request = obj(document["http_request"]);
  const uri = firstText(
    at(request, "url", "url_string"),
    at(request, "url", "path"),
    request["uri"],
    rest["requestURI"],
  );
  if (verb === "") return undefined;
  const who = obj(at(document, "actor", "user"));
  const parts = auditEvent({
    verb,
    objectRef: targetOf(document, uri, api),
    requestURI: uri,
    username: firstText(who["name"], at(document, "actor", "invoked_by")),
    groups: list(who["groups"])
      .slice(0, 50)
      .map((group) => text(obj(group)["name"]) || text(group)),
    extra: present({ accessKeyId: texts(at(document, "actor", "session", "credential_uid")) }),
    userAgent: firstText(request["user_agent"]),
    sourceIPs: texts(at(document, "src_endpoint", "ip")),
    stage: firstText(rest["stage"]),
    auditID: firstText(at(api, "request", "uid"), at(document, "metadata", "uid"), rest["auditID"]),
    code: firstText(at(api, "response", "code"), document["status_code"]),
    reason: firstText(at(api, "response", "message"), document["status_detail"]),
    time:
      firstText(document["time_dt"], rest["requestReceivedTimestamp"], document["start_time_dt"]) ||
      isoTime(document["time"]),
    requestObject: at(api, "request", "data"),
    responseObject: at(api, "response", "data"),
    cluster: firstText(
      ...list(document["resources"]).map((one) => at(one, "cluster", "name")),
      at(document, "cloud", "cluster", "name"),
    ),
  });
  // What is left over has the names of the audit event itself.
  return [undotAudit({ ...unmapped(rest), ...parts })];
}

/** OCSF's own time, milliseconds since 1970; empty for what is no such time. */
function isoTime(ms: unknown): string {
  const known = typeof ms === "number" && ms > 0 && ms < 253_402_300_800_000;
  return known ? new Date(ms).toISOString() : "";
}

function unmapped(rest: Obj): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rest).filter(([key]) =>
      /^(?:annotations|user|impersonatedUser|requestObject|level)(?:\.|$)/.test(key),
    ),
  );
}

function targetOf(document: Obj, uri: string, api: Obj): Obj {
  const named = targetOfUri(uri);
  const [first] = list(document["resources"]).map(obj);
  const type = text(first?.["type"]);
  const slash = type.indexOf("/");
  return present({
    apiGroup: named?.apiGroup ?? firstText(at(api, "group", "name")),
    resource: named?.resource ?? (slash < 0 ? type : type.slice(0, slash)),
    subresource: named?.subresource ?? (slash < 0 ? "" : type.slice(slash + 1)),
    namespace: firstText(first?.["namespace"], named?.namespace),
    name: firstText(first?.["name"], named?.name),
  });
}

import { isObj, list, type Obj, text } from "../safe-value.ts";
import { present } from "./audit-event.ts";

/**
 * An audit event that a log platform remapped to its own HTTP and network attributes (Datadog): verb and code stand under
 * `http`, everything may be under `attributes`.
 */
export function convertRemapped(document: Obj): readonly Obj[] | undefined {
  const attributes = isObj(document["attributes"]) ? document["attributes"] : {};
  const audit: Obj = { ...document, ...attributes };
  const http = isObj(audit["http"]) ? audit["http"] : {};
  const verb = text(audit["verb"]) || text(http["method"]).toLowerCase();
  if (verb === "") return undefined;
  const status = present({ code: text(http["status_code"]) });
  const added = present({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    verb,
    userAgent: text(audit["userAgent"]) || text(http["useragent"]),
    responseStatus: audit["responseStatus"] ?? status,
    sourceIPs: audit["sourceIPs"] ?? addresses(audit),
    user: audit["user"] ?? present({ username: name(audit["usr"]) }),
  });
  const { attributes: _attributes, ...rest } = audit;
  return [{ ...rest, ...added }];
}

function addresses(audit: Obj): readonly unknown[] {
  const network = isObj(audit["network"]) ? audit["network"] : {};
  const client = isObj(network["client"]) ? network["client"] : {};
  return list(client["ip"]);
}

function name(user: unknown): string {
  return isObj(user) ? text(user["name"]) || text(user["id"]) : "";
}

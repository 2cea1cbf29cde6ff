import { parseJson } from "../../parse-json.ts";
import { isObj, type Obj, text } from "../safe-value.ts";
import { at, firstText, present } from "./audit-event.ts";
import { subtree } from "./subtree.ts";

/** Where shippers put the audit event: the Elastic package, then targets of JSON decoders. */
const places = ["kubernetes.audit", "json", "structured", "k8s_audit", "audit", "event", "body", "payload"];
const maxChars = 4_194_304;

/**
 * The audit event below `kubernetes.audit` and the like, in nested, dotted and flattened form, or as JSON text; what it
 * lacks is taken from the ECS fields beside it.
 */
export function convertElastic(document: Obj): readonly Obj[] | undefined {
  for (const place of places) {
    const found = subtree(document, place) ?? parsedText(document, place);
    if (found !== undefined) return [withEcs(found, document)];
  }
  return undefined;
}

function parsedText(document: Obj, place: string): Obj | undefined {
  const value = document[place] ?? at(document, ...place.split("."));
  if (typeof value !== "string" || !value.startsWith("{") || value.length > maxChars) return undefined;
  const parsed = parseJson(value);
  return isObj(parsed) ? parsed : undefined;
}

function withEcs(audit: Obj, document: Obj): Obj {
  if (text(audit["kind"]) !== "" && text(audit["kind"]) !== "Event") return audit;
  const missing: Record<string, unknown> = { kind: "Event", apiVersion: "audit.k8s.io/v1" };
  if (text(audit["verb"]) === "")
    missing["verb"] = firstText(at(document, "event", "action"), document["event.action"]);
  if (audit["userAgent"] === undefined)
    missing["userAgent"] = firstText(at(document, "user_agent", "original"), document["user_agent.original"]);
  if (audit["sourceIPs"] === undefined)
    missing["sourceIPs"] = firstText(at(document, "source", "ip"), document["source.ip"]);
  if (audit["user"] === undefined) {
    const username = firstText(at(document, "user", "name"), document["user.name"]);
    if (username !== "") missing["user"] = { username };
  }
  return { ...present(missing), ...audit };
}

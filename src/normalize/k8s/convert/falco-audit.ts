import { compilePath } from "../../compile-path.ts";
import { knownGroup } from "../known-groups.ts";
import { type Obj, text } from "../safe-value.ts";
import { streamSubresources } from "../stream-facts.ts";
import { targetOfUri } from "../target-of-uri.ts";
import { at, auditEvent, firstText, present } from "./audit-event.ts";
import { falcoRequest } from "./falco-request.ts";
import { fieldsBelow } from "./subtree.ts";

const places = ["output_fields.ka", "falco.output_fields.ka"];

/**
 * An alert of Falco's k8s_audit plugins as an audit event: `ka.*` output fields, and the request URI for what they leave
 * out. An alert has only the fields its rule prints.
 */
export function convertFalco(document: Obj): readonly Obj[] | undefined {
  for (const place of places) {
    const fields = fieldsBelow(document, place) ?? flatFields(document, place);
    if (fields !== undefined) return [eventOf(createFieldOf(fields), document)];
  }
  return undefined;
}

/** Falcosidekick can write `ka_target_name` for `ka.target.name`. */
function flatFields(document: Obj, place: string): Obj | undefined {
  const fields = fieldsBelow(document, place.slice(0, -3)) ?? {};
  const flat = Object.entries(fields).filter(([key]) => key.startsWith("ka_"));
  return flat.length === 0 ? undefined : Object.fromEntries(flat.map(([key, value]) => [key.slice(3), value]));
}

/** A field's value; Falco writes `<NA>` for none, and lists as `(a,b)`. */
export type FieldOf = (name: string) => readonly string[];

const none: readonly string[] = [];

/** Most of the many fields are not there, which the first part of their names tells. */
function createFieldOf(fields: Obj): FieldOf {
  const heads = new Set<string>();
  for (const key in fields) heads.add(headOf(key));
  return (name) => {
    const field = compileField(name);
    return heads.has(field.head) ? readField(fields, field) : none;
  };
}

function headOf(name: string): string {
  const end = name.search(/[._]/);
  return end < 0 ? name : name.slice(0, end);
}

interface Field {
  readonly head: string;
  readonly flat: string;
  readonly read: (document: Obj) => unknown;
}

/** Compiled once; the names are those this file and its neighbour ask for. */
const compiled = new Map<string, Field>();

function compileField(name: string): Field {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const field = { head: headOf(name), flat: name.replaceAll(".", "_"), read: compilePath(name) };
  compiled.set(name, field);
  return field;
}

function readField(fields: Obj, { read, flat }: Field): readonly string[] {
  const value = read(fields) ?? fields[flat];
  const items = Array.isArray(value) ? value.slice(0, 100).map(text) : splitList(text(value));
  return items.filter((item) => item !== "" && item !== "<NA>" && item !== "N/A");
}

function splitList(value: string): string[] {
  return value.startsWith("(") && value.endsWith(")") ? value.slice(1, -1).split(",", 100) : [value];
}

function eventOf(field: FieldOf, document: Obj): Obj {
  const one = (name: string): string => field(name)[0] ?? "";
  const uri = one("uri");
  const named = targetOfUri(uri);
  const resource = one("target.resource") || (named?.resource ?? "");
  const subresource = one("target.subresource") || (named?.subresource ?? "");
  const code = one("response.code");
  return auditEvent({
    verb: one("verb") || guessVerb(document, subresource, code),
    objectRef: present({
      apiGroup: named?.apiGroup ?? knownGroup(resource),
      resource,
      subresource,
      namespace: one("target.namespace") || named?.namespace,
      name: one("target.name") || one("target.pod.name") || named?.name || one("resp.name"),
    }),
    requestURI: uri,
    username: one("user.name"),
    groups: field("user.groups"),
    impersonated: one("impuser.name"),
    userAgent: one("useragent"),
    sourceIPs: field("sourceips"),
    stage: one("stage"),
    auditID: one("auditid"),
    code,
    reason: one("response.reason"),
    decision: one("auth.decision") || one("auth.openshift.decision"),
    decisionReason: one("auth.reason"),
    time: firstText(document["time"], at(document, "falco", "time")),
    requestObject: falcoRequest(field),
    cluster: one("cluster.name"),
  });
}

/** Rules often print no verb: a stream is a create, and rules are named after what was done. */
function guessVerb(document: Obj, subresource: string, code: string): string {
  if (streamSubresources.has(subresource)) return "create";
  const printed = /\bverb=([a-z]{1,20})\b/.exec(output(document, "output").slice(0, 4_000))?.[1];
  if (printed !== undefined) return printed;
  const done = /\b(Created|Deleted|Modified|Updated)\b/i.exec(output(document, "rule").slice(0, 200))?.[1];
  if (done !== undefined) return ruleVerbs.get(done.toLowerCase()) ?? "";
  return code === "201" ? "create" : "";
}

const ruleVerbs: ReadonlyMap<string, string> = new Map([
  ["created", "create"],
  ["deleted", "delete"],
  ["modified", "update"],
  ["updated", "update"],
]);

function output(document: Obj, name: string): string {
  return firstText(document[name], at(document, "falco", name), document[`falco.${name}`]);
}

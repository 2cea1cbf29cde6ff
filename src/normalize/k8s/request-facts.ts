import {
  addAccessReviewFacts,
  addBindingFacts,
  addCertificateFacts,
  addRoleFacts,
  addTokenFacts,
} from "./access-facts.ts";
import { createFactList, type FactList } from "./fact-list.ts";
import { addFlattened, isSecretKey } from "./flatten-facts.ts";
import {
  addConfigMapFacts,
  addIngressFacts,
  addNetworkPolicyFacts,
  addOwnerFacts,
  addSecretFacts,
  addServiceFacts,
  addWebhookFacts,
} from "./object-facts.ts";
import { addPodSpecFacts, findPodSpec } from "./pod-spec-facts.ts";
import { isObj, isTrue, list, type Obj, obj, text } from "./safe-value.ts";
import { addStreamFacts, streamSubresources } from "./stream-facts.ts";

/** What a request is about, as its audit event says. */
export interface RequestTarget {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  readonly query: string;
}

type FactReader = (facts: FactList, body: Obj, name: string) => void;

const byResource: ReadonlyMap<string, FactReader> = new Map<string, FactReader>([
  ["roles", addRoleFacts],
  ["clusterroles", addRoleFacts],
  ["rolebindings", addBindingFacts],
  ["clusterrolebindings", addBindingFacts],
  ["selfsubjectaccessreviews", addAccessReviewFacts],
  ["subjectaccessreviews", addAccessReviewFacts],
  ["localsubjectaccessreviews", addAccessReviewFacts],
  ["selfsubjectrulesreviews", addAccessReviewFacts],
  ["tokenreviews", addTokenFacts],
  ["certificatesigningrequests", addCertificateFacts],
  ["secrets", addSecretFacts],
  ["configmaps", addConfigMapFacts],
  ["services", addServiceFacts],
  ["ingresses", addIngressFacts],
  ["networkpolicies", addNetworkPolicyFacts],
  ["mutatingwebhookconfigurations", addWebhookFacts],
  ["validatingwebhookconfigurations", addWebhookFacts],
]);

/** The security-relevant parts of a request body as `key=value,key=value`; "" when there is nothing to say. */
export function requestFacts(target: RequestTarget, requestObject: unknown): string {
  const facts = createFactList();
  if (streamSubresources.has(target.subresource)) addStreamFacts(facts, target.query, obj(requestObject));
  else if (Array.isArray(requestObject)) addJsonPatch(facts, target, requestObject);
  else if (isObj(requestObject)) addBody(facts, target, requestObject);
  return facts.toText();
}

function addBody(facts: FactList, target: RequestTarget, body: Obj): void {
  if (target.verb === "delete" || target.verb === "deletecollection") {
    facts.add("gracePeriodSeconds", text(body["gracePeriodSeconds"]));
    facts.add("propagationPolicy", text(body["propagationPolicy"]));
    return;
  }
  if (target.subresource !== "") addSubresource(facts, target, body);
  else if (target.verb === "patch" && !isWhole(body)) addMergePatch(facts, target, body);
  else addObjectFacts(facts, target, body);
}

/** A server-side apply sends the object itself as the patch. */
function isWhole(body: Obj): boolean {
  return text(body["kind"]) !== "" && text(body["apiVersion"]) !== "";
}

function addObjectFacts(facts: FactList, target: RequestTarget, body: Obj): void {
  const reader = byResource.get(target.resource);
  if (reader !== undefined) {
    reader(facts, body, target.name);
    return;
  }
  const pod = findPodSpec(body) ?? (target.resource === "pods" && isObj(body["spec"]) ? body["spec"] : undefined);
  if (pod === undefined) {
    addLabels(facts, target, body);
    for (const key of Object.keys(body).slice(0, 50)) {
      if (!skippedKeys.has(key) && !key.startsWith("@")) addFlattened(facts, key, body[key], isData(key));
    }
    return;
  }
  const spec = obj(body["spec"]);
  facts.add("schedule", text(spec["schedule"]));
  facts.add("replicas", text(spec["replicas"]));
  addOwnerFacts(facts, body);
  addPodSpecFacts(facts, pod);
}

const skippedKeys: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "status"]);

function isData(key: string): boolean {
  return key === "data" || key === "stringData" || key === "binaryData";
}

/** Labels of a namespace carry its pod security policy. */
function addLabels(facts: FactList, target: RequestTarget, body: Obj): void {
  if (target.resource !== "namespaces") return;
  for (const [key, value] of Object.entries(obj(obj(body["metadata"])["labels"])).slice(0, 50)) {
    if (key.startsWith("pod-security.kubernetes.io/")) facts.add(`metadata.labels.${key}`, text(value));
  }
}

function addSubresource(facts: FactList, target: RequestTarget, body: Obj): void {
  switch (target.subresource) {
    case "token":
      addTokenFacts(facts, body);
      return;
    case "scale":
      facts.add("spec.replicas", text(obj(body["spec"])["replicas"]));
      return;
    case "binding":
      facts.add("target.kind", text(obj(body["target"])["kind"]));
      facts.add("target.name", text(obj(body["target"])["name"]));
      return;
    case "eviction":
      facts.add("deleteOptions.gracePeriodSeconds", text(obj(body["deleteOptions"])["gracePeriodSeconds"]));
      return;
    case "approval":
      addConditions(facts, body);
      return;
    case "ephemeralcontainers":
      addEphemeralContainers(facts, body);
      return;
    case "status":
      if (target.verb === "patch") addFlattened(facts, "status", body["status"], false);
      return;
    default:
      addMergePatch(facts, target, body);
  }
}

function addConditions(facts: FactList, body: Obj): void {
  const [condition] = list(obj(body["status"])["conditions"]).map(obj).slice(-1);
  if (condition === undefined) return;
  facts.add("status.conditions[0].type", text(condition["type"]));
  facts.add("reason", text(condition["reason"]));
}

function addEphemeralContainers(facts: FactList, body: Obj): void {
  const containers = list(obj(body["spec"])["ephemeralContainers"]).slice(0, 5).map(obj);
  containers.forEach((container, index) => {
    facts.add(`ephemeralContainers[${index}].image`, text(container["image"]));
    facts.addAll("command", list(container["command"]).slice(0, 1_000).map(text));
    facts.addAll("args", list(container["args"]).slice(0, 1_000).map(text));
    facts.add("targetContainerName", text(container["targetContainerName"]));
    const context = obj(container["securityContext"]);
    if (isTrue(context["privileged"])) facts.add("securityContext.privileged", "true");
    facts.addAll("capabilities.add", list(obj(context["capabilities"])["add"]).slice(0, 20).map(text));
    for (const name of ["stdin", "tty"]) if (isTrue(container[name])) facts.add(name, "true");
  });
}

/** A strategic or JSON merge patch: what it changes, by path; `null` is what it takes away. */
function addMergePatch(facts: FactList, target: RequestTarget, body: Obj): void {
  if (target.resource === "configmaps" && target.name === "aws-auth") {
    addConfigMapFacts(facts, body, target.name);
    return;
  }
  addFlattened(facts, "", body, target.resource === "secrets" && body["metadata"] === undefined);
}

function addJsonPatch(facts: FactList, target: RequestTarget, operations: readonly unknown[]): void {
  for (const operation of operations.slice(0, 40).map(obj)) {
    const path = text(operation["path"]);
    if (text(operation["op"]) === "test") continue;
    facts.startGroup();
    facts.add("op", text(operation["op"]));
    facts.add("path", path);
    facts.add("from", text(operation["from"]));
    const secret = isSecretPath(target, path);
    const value = operation["value"];
    if (Array.isArray(value) && value.length === 1 && isObj(value[0]) && Object.keys(value[0]).length === 0) {
      facts.add("value", "[{}]");
    } else addFlattened(facts, "value", value, secret);
  }
}

function isSecretPath(target: RequestTarget, path: string): boolean {
  if (target.resource === "secrets") return true;
  if (/^\/(?:data|stringData|binaryData)(?:\/|$)|\/env(?:\/|$)/.test(path)) return true;
  return isSecretKey(path.slice(path.lastIndexOf("/") + 1));
}

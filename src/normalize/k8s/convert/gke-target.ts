/** What a GKE audit log is about. */
export interface GkeTarget {
  readonly verb: string;
  /** Empty for a path that is no resource. */
  readonly objectRef: Readonly<Record<string, string>>;
  /** The path where it is no resource, such as `/readyz`; else empty. */
  readonly path: string;
}

const version = /^v\d+(?:(?:alpha|beta)\d+)?$/;
/** API groups whose name is one word. */
const shortGroups: ReadonlySet<string> = new Set(["apps", "batch", "autoscaling", "policy", "extensions"]);
const paths: ReadonlySet<string> = new Set(
  "healthz livez readyz version metrics openapi api apis logs swagger.json openid".split(" "),
);
const verbs: ReadonlySet<string> = new Set(
  "get list watch create update patch delete deletecollection connect post put head options proxy".split(" "),
);
const maxChars = 2_000;

/**
 * Verb and target of `methodName` (`io.k8s.core.v1.pods.exec.create`: reversed group, version, resource, subresource,
 * verb) and `resourceName` (`core/v1/namespaces/NS/pods/NAME/exec`, `core` being the empty group). Undefined for what is
 * no Kubernetes API method.
 */
export function gkeTarget(methodName: string, resourceName: string): GkeTarget | undefined {
  if (methodName.length > maxChars) return undefined;
  const method = methodName.split(".");
  const at = method.findIndex((part) => version.test(part));
  const place = resourceName.slice(0, maxChars);
  if (at < 0) return pathTarget(method, place);
  const called = { group: groupOf(method.slice(0, at)), apiVersion: method[at] ?? "", parts: method.slice(at + 1) };
  const verb = called.parts.at(-1) ?? "";
  if (called.parts.length < 2 || verb === "") return undefined;
  const parts = place.split("/").filter((part) => part !== "");
  const last = parts.at(-1) ?? "";
  if (parts.length <= 3 && paths.has(last)) return { verb, objectRef: {}, path: `/${last}` };
  return { verb, objectRef: objectRef(called, parts), path: "" };
}

/** `io.k8s.readyz`, or `io.k8s.get` on `readyz`. */
function pathTarget(method: readonly string[], resourceName: string): GkeTarget | undefined {
  const last = method.at(-1) ?? "";
  if (method[0] !== "io" || method[1] !== "k8s" || method.length < 3) return undefined;
  const name = resourceName === "" && !verbs.has(last) ? last : resourceName.replace(/^\/+/, "");
  return { verb: verbs.has(last) ? last : "get", objectRef: {}, path: name === "" ? "" : `/${name}` };
}

interface Called {
  readonly group: string;
  readonly apiVersion: string;
  readonly parts: readonly string[];
}

/** The resource and subresource are the method's; name and namespace stand in the path alone. */
function objectRef({ group, apiVersion, parts }: Called, place: readonly string[]): Record<string, string> {
  const resource = parts[0] ?? "";
  const hasSubresource = parts.length > 2;
  const subresource = hasSubresource ? parts.slice(1, -1).join("/") : "";
  if (place.length < 3) return { apiGroup: group, apiVersion, resource, subresource };
  const [first = "", placeVersion = "", ...rest] = place;
  const base = { apiGroup: first === "core" ? "" : first, apiVersion: placeVersion, resource };
  if (rest[0] === "namespaces" && resource === "namespaces") {
    return { ...base, namespace: rest[1] ?? "", name: rest[1] ?? "", subresource: subresource || (rest[2] ?? "") };
  }
  const named = rest[0] === "namespaces" ? rest.slice(2) : rest;
  const namespace = rest[0] === "namespaces" ? (rest[1] ?? "") : "";
  return { ...base, namespace, name: named[1] ?? "", subresource: subresource || (named[2] ?? "") };
}

/** `io.k8s.core` is the empty group, `io.k8s.authorization.rbac` is `rbac.authorization.k8s.io`. */
function groupOf(reversed: readonly string[]): string {
  const [, , third = ""] = reversed;
  const isK8s = reversed[0] === "io" && reversed[1] === "k8s";
  if (isK8s && reversed.length === 3 && third === "core") return "";
  if (isK8s && reversed.length === 3 && third === "rbac") return "rbac.authorization.k8s.io";
  if (isK8s && reversed.length === 3 && shortGroups.has(third)) return third;
  return [...reversed].reverse().join(".");
}

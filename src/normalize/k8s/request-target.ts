import { knownGroup } from "./known-groups.ts";
import { type Obj, text } from "./safe-value.ts";
import { targetOfUri, type UriTarget } from "./target-of-uri.ts";

/** What a request is directed at; empty where it is not said. */
export type AuditTarget = Omit<UriTarget, "apiVersion">;

/**
 * The target of `objectRef`; what it leaves out is taken from the request's path where both name one resource. An event
 * without any reference has the path's alone.
 */
export function readTarget(reference: Obj, path: string): AuditTarget {
  const resource = text(reference["resource"]);
  const isWhole = resource !== "" && text(reference["namespace"]) !== "" && text(reference["name"]) !== "";
  const named = isWhole || path === "" ? undefined : targetOfUri(path);
  if (resource === "") return named ?? { ...empty, name: text(reference["name"]) };
  const own = {
    resource,
    subresource: text(reference["subresource"]),
    namespace: text(reference["namespace"]),
    name: text(reference["name"]),
    apiGroup: text(reference["apiGroup"]) || groupIn(text(reference["apiVersion"])) || knownGroup(resource),
  };
  if (named === undefined || named.resource !== resource) return own;
  return {
    ...own,
    namespace: own.namespace || named.namespace,
    name: own.name || named.name,
    apiGroup: own.apiGroup || named.apiGroup,
  };
}

const empty: AuditTarget = { apiGroup: "", namespace: "", resource: "", name: "", subresource: "" };

/** Some writers put the group in front of the version, as manifests do: `apps/v1`. */
function groupIn(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

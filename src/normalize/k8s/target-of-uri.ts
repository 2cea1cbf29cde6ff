/** What a request's path names, as an audit event's `objectRef` would. */
export interface UriTarget {
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
}

/**
 * Reads `/api/v1/namespaces/NS/pods/NAME/exec` or `/apis/GROUP/VERSION/…`; undefined for a path that names no resource
 * (`/healthz`, `/apis/apps`). Follows the API server's RequestInfo: `watch/` is dropped, `namespaces/NAME/status` and
 * `…/finalize` are of the namespace itself.
 */
export function targetOfUri(uri: string): UriTarget | undefined {
  const end = uri.search(/[?#]/);
  const path = (end < 0 ? uri : uri.slice(0, end)).slice(0, 2_000);
  const [root = "", ...rest] = path.split("/").filter((part) => part !== "");
  if (root === "api") return targetOf("", rest);
  return root === "apis" ? targetOf(rest[0] ?? "", rest.slice(1)) : undefined;
}

function targetOf(apiGroup: string, [apiVersion = "", ...rest]: readonly string[]): UriTarget | undefined {
  const parts = rest[0] === "watch" || rest[0] === "proxy" ? rest.slice(1) : rest;
  const [first = "", name = "", resource, inner = "", subresource = ""] = parts.map(decode);
  if (first === "") return undefined;
  if (first !== "namespaces") {
    return { apiGroup, apiVersion, namespace: "", resource: first, name, subresource: resource ?? "" };
  }
  if (resource === undefined || resource === "status" || resource === "finalize") {
    return { apiGroup, apiVersion, namespace: name, resource: first, name, subresource: resource ?? "" };
  }
  return { apiGroup, apiVersion, namespace: name, resource, name: inner, subresource };
}

function decode(part: string): string {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A request's path, and what its query asks for. */
export interface RequestUri {
  readonly path: string;
  readonly query: string;
}

export function splitUri(uri: string): RequestUri {
  const at = uri.indexOf("?");
  return at < 0 ? { path: uri, query: "" } : { path: uri.slice(0, at), query: uri.slice(at + 1) };
}

const maxPairs = 1_000;

/** Values of every `name=` in a query, URL-decoded with `+` as a space; what is wrongly encoded stays as it is. */
export function queryValues(query: string, name: string): string[] {
  const prefix = `${name}=`;
  return query
    .split("&", maxPairs)
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => decode(pair.slice(prefix.length)));
}

function decode(value: string): string {
  const spaced = value.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

const secretPair =
  /([?&](?:(?:access|id|refresh|auth)_token|token|code|code_verifier|(?:client_)?secret|password|passwd|api_?key|signature|sig)=)[^&]*/gi;

/** The URI with the values of query keys that carry credentials replaced. */
export function redactUri(uri: string): string {
  return uri.includes("?") ? uri.replace(secretPair, "$1<redacted>") : uri;
}

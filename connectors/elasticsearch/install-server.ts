import type { SearchServer } from "#sdk";
import type { SearchClient } from "./search-http.ts";

/** A client as the code that installs into the server sees it. */
export function installServer(client: SearchClient): SearchServer {
  const { product, version, isServerless } = client.server;
  return { product, version, isServerless, request: client.request, close: client.close };
}

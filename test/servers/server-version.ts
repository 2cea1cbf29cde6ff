import { tmpdir } from "node:os";
import { join } from "node:path";

/** The servers that tests run against. */
export const serverVersions = [
  { product: "opensearch", version: "3.4.0" },
  { product: "opensearch", version: "2.19.4" },
  { product: "elasticsearch", version: "9.4.3" },
  { product: "elasticsearch", version: "8.19.21" },
] as const;

export type ServerVersion = (typeof serverVersions)[number];

/** The first is what the everyday tests use. */
export const everydayServer: ServerVersion = serverVersions[0];

/** Where assembled servers are kept between runs; must be reachable for other users than root. */
export function serversHome(): string {
  return process.env["TAGSMITH_SERVERS_HOME"] ?? join(tmpdir(), "tagsmith-servers");
}

export function homeOf({ product, version }: ServerVersion): string {
  return join(serversHome(), `${product}-${version}`);
}

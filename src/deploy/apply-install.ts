import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import { putRequest } from "./asset-access.ts";
import type { JsonObject } from "./compile-mappings.ts";
import { findOwnIndices } from "./own-indices.ts";
import type { Change } from "./plan-install.ts";

/** Throws `install_not_owned` or `install_newer` when the plan meets what it must not touch; nothing is changed then. */
export function requireOwned(changes: readonly Change[]): void {
  const foreign = changes.filter(({ kind }) => kind === "foreign").map(({ asset }) => `${asset.kind} ${asset.name}`);
  if (foreign.length > 0) {
    const advice = "Rename or remove it; Tagsmith overwrites only what it made.";
    throw new TagsmithError("install_not_owned", `${foreign.join(", ")}: not made by Tagsmith. ${advice}`, "exit");
  }
  const newer = changes.flatMap((change) =>
    change.kind === "newer" ? [`${change.asset.name} (${change.version})`] : [],
  );
  if (newer.length > 0) {
    const message = `${newer.join(", ")}: installed by a newer Tagsmith. Use that one, or uninstall with it first.`;
    throw new TagsmithError("install_newer", message, "exit");
  }
}

/** What became of an index whose mapping was to follow its template. */
export type Followed = {
  readonly name: string;
  /** `rolled_over`: only new documents have the new mapping; `kept`: a plain index keeps its old one. */
  readonly how: "mapping_extended" | "rolled_over" | "kept";
};

/**
 * Puts what is to be created or updated, in order, and brings existing data under changed mappings: fields are added in
 * place, and where the server refuses that, a data stream goes on in a new backing index.
 */
export async function applyInstall(
  server: SearchServer,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<readonly Followed[]> {
  requireOwned(changes);
  const followed: Followed[] = [];
  for (const change of changes) {
    if (change.kind !== "create" && change.kind !== "update") continue;
    await server.request(putRequest(change.asset, change.kind === "update" ? change.installed : undefined), signal);
  }
  for (const change of changes) {
    const stream = /^(tagsmith-[a-z]+)-mappings$/.exec(change.asset.name)?.[1];
    if (change.kind !== "update" || stream === undefined) continue;
    followed.push(...(await followMapping(server, `${stream}-*`, mappingsOf(change.asset.body), signal)));
  }
  return followed;
}

function mappingsOf(body: JsonObject): JsonObject {
  const template = body["template"];
  const mappings = isObject(template) ? template["mappings"] : undefined;
  return isObject(mappings) ? mappings : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function followMapping(
  server: SearchServer,
  pattern: string,
  mappings: JsonObject,
  signal: AbortSignal,
): Promise<readonly Followed[]> {
  const followed: Followed[] = [];
  for (const { kind, name } of await findOwnIndices(server, pattern, signal)) {
    const at = `/${encodeURIComponent(name)}`;
    const put = { method: "PUT", path: `${at}/_mapping`, body: mappings, accept: [400] } as const;
    if ((await server.request(put, signal)).status === 200) followed.push({ name, how: "mapping_extended" });
    else if (kind === "index") followed.push({ name, how: "kept" });
    else {
      await server.request({ method: "POST", path: `${at}/_rollover` }, signal);
      followed.push({ name, how: "rolled_over" });
    }
  }
  return followed;
}

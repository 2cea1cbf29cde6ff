import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import { deleteRequest } from "./asset-access.ts";
import type { Asset } from "./list-assets.ts";
import { findOwnIndices, type OwnIndex } from "./own-indices.ts";
import { findInstalled } from "./plan-install.ts";

/** What an uninstall takes away, in this order. */
export interface UninstallPlan {
  /** Data that stands in the way: templates cannot go while their data streams are there. */
  readonly data: readonly OwnIndex[];
  readonly assets: readonly Asset[];
  /** Under our names, but not ours: left alone. */
  readonly foreign: readonly Asset[];
}

/** Finds what is ours; changes nothing. `assets` is what an install would put. */
export async function planUninstall(
  server: SearchServer,
  assets: readonly Asset[],
  signal: AbortSignal,
): Promise<UninstallPlan> {
  const ours: Asset[] = [];
  const foreign: Asset[] = [];
  for (const asset of assets.toReversed()) {
    const installed = await findInstalled(server, asset, signal);
    if (installed !== undefined) (installed.isOurs ? ours : foreign).push(asset);
  }
  const data: OwnIndex[] = [];
  for (const { kind, name } of ours) {
    if (kind === "index_template") data.push(...(await findOwnIndices(server, `${name}-*`, signal)));
  }
  return { data, assets: ours, foreign };
}

/** Takes away what is planned. Throws `uninstall_data_exists` when there is data and `deletesData` is not set. */
export async function applyUninstall(
  server: SearchServer,
  plan: UninstallPlan,
  deletesData: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (plan.data.length > 0 && !deletesData) {
    const names = plan.data.map(({ name }) => name).join(", ");
    const message = `there is data: ${names}. Add --delete-data to delete it with the templates it needs.`;
    throw new TagsmithError("uninstall_data_exists", message, "exit");
  }
  for (const { kind, name } of plan.data) {
    const path = kind === "data_stream" ? `/_data_stream/${name}` : `/${encodeURIComponent(name)}`;
    await server.request({ method: "DELETE", path, accept: [404] }, signal);
  }
  for (const asset of plan.assets) await server.request(deleteRequest(asset), signal);
}

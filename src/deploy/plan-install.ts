import type { SearchServer } from "../sdk/search-server.ts";
import { type InstalledAsset, readInstalled, readRequest } from "./asset-access.ts";
import { type Difference, diffValues } from "./diff-values.ts";
import type { Asset } from "./list-assets.ts";

/** What is to be done about one asset. */
export type Change =
  | { readonly kind: "create"; readonly asset: Asset }
  | {
      readonly kind: "update";
      readonly asset: Asset;
      readonly installed: InstalledAsset;
      readonly differences: readonly Difference[];
    }
  | { readonly kind: "same"; readonly asset: Asset }
  /** Someone else's, under our name. */
  | { readonly kind: "foreign"; readonly asset: Asset }
  /** Made by a newer Tagsmith. */
  | { readonly kind: "newer"; readonly asset: Asset; readonly version: number };

/** Compares assets with what the server has; changes nothing. Throws what `SearchServer.request` throws. */
export async function planInstall(
  server: SearchServer,
  assets: readonly Asset[],
  version: number,
  signal: AbortSignal,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  for (const asset of assets) {
    const installed = await findInstalled(server, asset, signal);
    changes.push(changeOf(asset, installed, version));
  }
  return changes;
}

/** What the server has under the asset's name. */
export async function findInstalled(
  server: SearchServer,
  asset: Asset,
  signal: AbortSignal,
): Promise<InstalledAsset | undefined> {
  const { status, body } = await server.request(readRequest(asset), signal);
  return status === 404 ? undefined : readInstalled(asset, body);
}

function changeOf(asset: Asset, installed: InstalledAsset | undefined, version: number): Change {
  if (installed === undefined) return { kind: "create", asset };
  if (!installed.isOurs) return { kind: "foreign", asset };
  if (installed.version !== undefined && installed.version > version) {
    return { kind: "newer", asset, version: installed.version };
  }
  const differences = diffValues(installed.body, asset.body);
  return differences.length === 0 ? { kind: "same", asset } : { kind: "update", asset, installed, differences };
}

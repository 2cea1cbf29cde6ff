import { hash } from "node:crypto";

/** What of some resources a node should do. */
export interface ShareSettings {
  readonly node: string;
  /** All nodes, this one among them. */
  readonly nodes: readonly string[];
  readonly resources: readonly string[];
  /** Owner of each resource that has one. */
  readonly owners: ReadonlyMap<string, string>;
  /** A node takes no more than this. */
  readonly most: number;
}

/** What a node should let go of, and what it may try to take, dearest first. */
export interface Share {
  readonly release: readonly string[];
  readonly acquire: readonly string[];
}

/**
 * A node's share of the resources: as many as any other node has, give or take one. What it owns it keeps as long as
 * the shares allow, and which free ones it tries first follows from a hash of node and resource (rendezvous hashing), so
 * that nodes seldom want the same.
 */
export function planShare({ node, nodes, resources, owners, most }: ShareSettings): Share {
  const owned = resources.filter((resource) => owners.get(resource) === node);
  const quota = Math.min(most, quotaOf(node, nodes, resources.length));
  const byWeight = (names: readonly string[]): string[] =>
    names
      .map((name) => ({ name, weight: hash("sha256", `${node}\0${name}`) }))
      .sort((a, b) => (a.weight > b.weight ? -1 : 1))
      .map(({ name }) => name);
  if (owned.length >= quota) return { release: byWeight(owned).slice(quota), acquire: [] };
  const free = resources.filter((resource) => !owners.has(resource));
  return { release: [], acquire: byWeight(free).slice(0, quota - owned.length) };
}

/** Shares add up to `count`; the nodes that get one more are the same for whoever asks. */
function quotaOf(node: string, nodes: readonly string[], count: number): number {
  const place = [...nodes].sort().indexOf(node);
  if (place < 0) return 0;
  return Math.floor(count / nodes.length) + (place < count % nodes.length ? 1 : 0);
}

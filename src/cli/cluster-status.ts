import type { ClusterView } from "../cluster/cluster-view.ts";
import type { Mark } from "../cluster/watermarks.ts";
import type { Config } from "../config/config-schema.ts";
import { formatTable, printable } from "./terminal.ts";

/** The cluster that a configuration names; undefined where it names none. The modules of a cluster load only here. */
export async function askCluster(config: Config): Promise<ClusterView | undefined> {
  const { cluster } = config;
  if (cluster === undefined) return undefined;
  const { connectCluster } = await import("./open-cluster.ts");
  const { readCluster } = await import("../cluster/cluster-view.ts");
  const { lookWithinMs } = await import("../queue/redis-connection.ts");
  const { connection, redis } = await connectCluster(config, cluster, () => undefined, lookWithinMs);
  try {
    return await readCluster(redis, cluster.lease_ms, cluster.partitions);
  } finally {
    await connection.close();
  }
}

const latestDateMs = 8.64e15;

function reachedText(newest: Mark | null): string {
  if (newest === null) return "";
  if (newest === "idle") return "all read";
  return Math.abs(newest) > latestDateMs ? "a time beyond reason" : new Date(newest).toISOString();
}

/** The view as text: who there is, what each slice is doing, and partitions by owner. */
export function clusterText({ nodes, slices, partitions }: ClusterView): string {
  const nameOf = new Map(nodes.map(({ id, host, pid }) => [id, `${printable(host, 30)} ${pid}`]));
  const ownerOf = (owner: string | null): string => (owner === null ? "nobody" : (nameOf.get(owner) ?? owner));
  const nodeRows = nodes.map(({ host, pid, slices: own, partitions: judged, rules }) => [
    printable(host, 30),
    String(pid),
    `${own} slices`,
    `${judged} partitions`,
    ...(rules === undefined ? [] : [`rules ${rules.slice(0, 8)}`]),
  ]);
  const sliceRows = slices.map(({ name, owner, isDone, newest }) => [
    printable(name.replace(/^slice\//, ""), 60),
    isDone ? "done" : ownerOf(owner),
    reachedText(newest),
  ]);
  const owners = [...new Set(partitions.map(({ owner, isDone }) => (isDone ? "done" : ownerOf(owner))))].sort();
  const partitionRows = owners.map((name) => {
    const own = partitions.filter(({ owner, isDone }) => (isDone ? "done" : ownerOf(owner)) === name);
    const waiting = own.reduce((sum, { waitingSteps }) => sum + waitingSteps, 0);
    return [name, own.map(({ number }) => number).join(" "), `${waiting} steps waiting`];
  });
  const there = nodeRows.length === 0 ? "none\n" : formatTable(nodeRows);
  return `Nodes\n${there}\nSlices\n${formatTable(sliceRows)}\nPartitions\n${formatTable(partitionRows)}`;
}

import { readPresent } from "./fleet.ts";
import { addDepths, type QueueDepth } from "./queue-depth.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** The queues of one version, of all tenants together, and who works on them. */
export interface QueueStanding extends QueueDepth {
  readonly workers: number;
  /** What they encode together. */
  readonly workerTextsPerSec: number;
}

/** Reads it, and apart from it how long the queue of one tenant is. */
export async function readStanding(
  connection: RedisConnection,
  version: string,
  tenant: string,
): Promise<{ readonly standing: QueueStanding; readonly own: QueueDepth }> {
  const { members, queues } = await readPresent(connection);
  const workers = members.filter((member) => member.role === "worker" && member.version === version);
  const workerTextsPerSec = workers.reduce((sum, worker) => sum + worker.textsPerSec, 0);
  const ours = queues.filter((queue) => queue.version === version);
  const depthOf = (some: typeof ours): QueueDepth => addDepths(some.map(({ depth }) => depth));
  return {
    standing: { ...depthOf(ours), workers: workers.length, workerTextsPerSec },
    own: depthOf(ours.filter((queue) => queue.tenant === tenant)),
  };
}

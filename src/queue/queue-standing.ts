import { readFleet } from "./fleet.ts";
import type { QueueDepth } from "./queue-depth.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** The queue of one version and who works on it. */
export interface QueueStanding extends QueueDepth {
  readonly workers: number;
  /** What they encode together. */
  readonly workerTextsPerSec: number;
}

const emptyQueue: QueueDepth = {
  waiting: 0,
  waitingBackfill: 0,
  active: 0,
  delayed: 0,
  oldestSecs: 0,
  oldestBackfillSecs: 0,
};

/** Reads it. */
export async function readStanding(connection: RedisConnection, version: string): Promise<QueueStanding> {
  const { members, queues } = await readFleet(connection);
  const workers = members.filter((member) => member.role === "worker" && member.version === version);
  const workerTextsPerSec = workers.reduce((sum, worker) => sum + worker.textsPerSec, 0);
  const depth = queues.find((queue) => queue.version === version)?.depth ?? emptyQueue;
  return { ...depth, workers: workers.length, workerTextsPerSec };
}

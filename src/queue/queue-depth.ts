import { type Lane, lanes, queueNameOf } from "./label-job.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** How long the queue of one version is. */
export interface QueueDepth {
  /** Live jobs that no worker has taken. */
  readonly waiting: number;
  readonly waitingBackfill: number;
  readonly active: number;
  /** Jobs that failed and wait to be tried again. */
  readonly delayed: number;
  /** Age of the live job that is next. */
  readonly oldestSecs: number;
  readonly oldestBackfillSecs: number;
}

/** Reads it in two round trips; `nowMs` is wall-clock time, as jobs are stamped. */
export async function readDepth(connection: RedisConnection, version: string, nowMs: number): Promise<QueueDepth> {
  const depths = await Promise.all(lanes.map((lane) => readLane(connection, queueNameOf(version, lane), nowMs)));
  const sum = (name: keyof LaneDepth): number => depths.reduce((total, depth) => total + depth[name], 0);
  const [live = emptyLane, backfill = emptyLane] = depths;
  return {
    waiting: live.waiting,
    waitingBackfill: backfill.waiting,
    active: sum("active"),
    delayed: sum("delayed"),
    oldestSecs: live.oldestSecs,
    oldestBackfillSecs: backfill.oldestSecs,
  };
}

interface LaneDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly oldestSecs: number;
}

const emptyLane: LaneDepth = { waiting: 0, active: 0, delayed: 0, oldestSecs: 0 };

async function readLane(connection: RedisConnection, name: string, nowMs: number): Promise<LaneDepth> {
  const key = (part: string): string => [connection.prefix, name, part].join(":");
  const [waiting, active, delayed, next] = await Promise.all([
    connection.call("LLEN", [key("wait")]),
    connection.call("LLEN", [key("active")]),
    connection.call("ZCARD", [key("delayed")]),
    connection.call("LINDEX", [key("wait"), -1]),
  ]);
  const stamp = typeof next === "string" ? await connection.call("HGET", [key(next), "timestamp"]) : undefined;
  const oldestSecs = typeof stamp === "string" ? Math.max(0, (nowMs - Number(stamp)) / 1_000) : 0;
  return { waiting: Number(waiting), active: Number(active), delayed: Number(delayed), oldestSecs };
}

/** Those of `jobs` that the queue does not know, or has no more. */
export async function findLostJobs(
  connection: RedisConnection,
  queue: { readonly version: string; readonly lane: Lane },
  jobs: readonly string[],
): Promise<readonly string[]> {
  const prefix = [connection.prefix, queueNameOf(queue.version, queue.lane)].join(":");
  const known = await Promise.all(jobs.map((job) => connection.call("EXISTS", [`${prefix}:${job}`])));
  return jobs.filter((_, place) => Number(known[place]) === 0);
}

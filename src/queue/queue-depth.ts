import { queueNameOf } from "./label-job.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** How long the queue of one version is. */
export interface QueueDepth {
  /** Jobs that no worker has taken, live ones and those of a backfill. */
  readonly waiting: number;
  readonly active: number;
  /** Jobs that failed and wait to be tried again. */
  readonly delayed: number;
  /** Age of the job that is next. */
  readonly oldestSecs: number;
}

/** Reads it in two round trips; `nowMs` is wall-clock time, as jobs are stamped. */
export async function readDepth(connection: RedisConnection, version: string, nowMs: number): Promise<QueueDepth> {
  const key = (part: string): string => [connection.prefix, queueNameOf(version), part].join(":");
  const [live, backfill, active, delayed, nextLive, nextBackfill] = await Promise.all([
    connection.call("LLEN", [key("wait")]),
    connection.call("ZCARD", [key("prioritized")]),
    connection.call("LLEN", [key("active")]),
    connection.call("ZCARD", [key("delayed")]),
    connection.call("LINDEX", [key("wait"), -1]),
    connection.call("ZRANGE", [key("prioritized"), 0, 0]),
  ]);
  const ids = [nextLive, ...(Array.isArray(nextBackfill) ? nextBackfill : [])].filter((id) => typeof id === "string");
  const stamps = await Promise.all(ids.map((id) => connection.call("HGET", [key(id), "timestamp"])));
  const oldest = stamps.filter((stamp) => typeof stamp === "string").map(Number);
  return {
    waiting: Number(live) + Number(backfill),
    active: Number(active),
    delayed: Number(delayed),
    oldestSecs: oldest.length === 0 ? 0 : Math.max(0, (nowMs - Math.min(...oldest)) / 1_000),
  };
}

/** Those of `jobs` that the queue does not know, or has no more. */
export async function findLostJobs(
  connection: RedisConnection,
  version: string,
  jobs: readonly string[],
): Promise<readonly string[]> {
  const prefix = [connection.prefix, queueNameOf(version)].join(":");
  const known = await Promise.all(jobs.map((job) => connection.call("EXISTS", [`${prefix}:${job}`])));
  return jobs.filter((_, place) => Number(known[place]) === 0);
}

import { type Line, lanes, queueNameOf } from "./label-job.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** How long the queue of one version and tenant is, or several together. */
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
export async function readDepth(
  connection: RedisConnection,
  { version, tenant }: { readonly version: string; readonly tenant: string },
  nowMs: number,
): Promise<QueueDepth> {
  const names = lanes.map((lane) => queueNameOf(version, { lane, tenant }));
  const depths = await Promise.all(names.map((name) => readLane(connection, name, nowMs)));
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

/** Several queues as one: sums, and the greatest age. */
export function addDepths(depths: readonly QueueDepth[]): QueueDepth {
  const sum = (name: keyof QueueDepth): number => depths.reduce((total, depth) => total + depth[name], 0);
  const most = (name: keyof QueueDepth): number => depths.reduce((top, depth) => Math.max(top, depth[name]), 0);
  return {
    waiting: sum("waiting"),
    waitingBackfill: sum("waitingBackfill"),
    active: sum("active"),
    delayed: sum("delayed"),
    oldestSecs: most("oldestSecs"),
    oldestBackfillSecs: most("oldestBackfillSecs"),
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
  queue: { readonly version: string } & Line,
  jobs: readonly string[],
): Promise<readonly string[]> {
  const prefix = [connection.prefix, queueNameOf(queue.version, queue)].join(":");
  const known = await Promise.all(jobs.map((job) => connection.call("EXISTS", [`${prefix}:${job}`])));
  return jobs.filter((_, place) => Number(known[place]) === 0);
}

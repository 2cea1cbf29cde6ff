import { type ClusterRedis, pairsOf, runScript, textsOf } from "./cluster-redis.ts";
import { checkAnswer } from "./commit-answer.ts";
import { type DetectionRows, detectionKey, rowArgs, storeRows } from "./detection-rows.ts";
import type { HeldLease } from "./held-lease.ts";
import { leaseKey, leaseValue } from "./lease-store.ts";
import { encodeEntry, type StreamEntry } from "./stream-entry.ts";
import type { Mark } from "./watermarks.ts";
import { checkpointKey, finishWork } from "./work.ts";

/** How far a slice was read. */
export interface SliceCheckpoint {
  readonly cursor?: string;
  readonly sinkPosition?: string;
  readonly normalizerState?: string;
  /** Newest event time so far. */
  readonly newestMs?: number;
}

/** What the owner of a slice goes on from. */
export interface SliceState extends SliceCheckpoint {
  /** Rows of what its rules remember, in the order they were stored; absent: none. */
  readonly detection?: readonly string[];
}

/** A checkpoint with the events that lie before it, by partition. */
export interface SliceStep {
  readonly checkpoint: SliceCheckpoint;
  readonly detection?: DetectionRows;
  readonly entries: ReadonlyMap<number, StreamEntry>;
  /** Nothing was left to read. */
  readonly isIdle: boolean;
}

/** The checkpoints of a slice, for its owner. */
export interface SliceStore {
  /** Where the last owner came to. */
  load(): Promise<SliceState>;
  /**
   * Stores a checkpoint and hands its events to the partitions, all or nothing. Throws `cluster_lease_lost` and
   * `cluster_checkpoint_lost` (reconnect: begin again with `load`), and `cluster_partition_full` (retry).
   */
  commit(step: SliceStep): Promise<void>;
  /** All is read. Throws as `commit` does where the last step is not there any more. */
  finish(): Promise<void>;
}

/**
 * A step counts only when the lease is still the writer's, and when the step before it is there: a server that has lost
 * its last second would otherwise lack events that nobody sends again.
 */
const commitScript = `${storeRows}
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
local step = redis.call('HGET', KEYS[2], 'step') or '0'
if step == ARGV[3] and redis.call('HGET', KEYS[2], 'owner') == ARGV[1] then return 'ok' end
if step ~= ARGV[2] then return 'behind' end
for i = 5, #KEYS do
  if redis.call('XLEN', KEYS[i]) >= tonumber(ARGV[4]) then return 'full' end
end
local at = storeRows(KEYS[4], 7)
for i = 5, #KEYS do
  redis.call('XADD', KEYS[i], '*', 'd', ARGV[at])
  at = at + 1
end
redis.call('HSET', KEYS[2], 'step', ARGV[3], 'owner', ARGV[1], unpack(ARGV, at))
if ARGV[6] ~= '' then redis.call('HSET', KEYS[3], ARGV[5], ARGV[6]) end
return 'ok'`;

/** Key of the stream through which events come to a partition. */
export function streamKey(redis: ClusterRedis, partition: number): string {
  return redis.key("stream", String(partition));
}

/** How far the slices have come that have begun, by the names of their leases. */
export async function readMarks(redis: ClusterRedis): Promise<ReadonlyMap<string, Mark>> {
  return marksOf(await redis.call("HGETALL", [redis.key("marks")]));
}

/** Marks as they are kept. */
export function marksOf(reply: unknown): ReadonlyMap<string, Mark> {
  return new Map(pairsOf(reply).map(([slice, mark]) => [slice, mark === "idle" ? mark : Number(mark)]));
}

/** Opens the checkpoints of the slice that `lease` is of. `maxEntries`: how many steps may wait for a partition. */
export function createSliceStore(redis: ClusterRedis, lease: HeldLease, maxEntries: number): SliceStore {
  const key = checkpointKey(redis, lease.resource);
  const detectionAt = detectionKey(redis, lease.resource);
  let step = 0;
  return {
    async load() {
      const fields = new Map(pairsOf(await lease.guard(redis.call("HGETALL", [key]))));
      step = Number(fields.get("step") ?? 0);
      const newest = fields.get("newest");
      const detection = textsOf(await lease.guard(redis.call("LRANGE", [detectionAt, 0, -1])));
      return {
        ...optional("cursor", fields.get("cursor")),
        ...optional("sinkPosition", fields.get("sink")),
        ...optional("normalizerState", fields.get("normalizer")),
        ...optional("newestMs", newest === undefined ? undefined : Number(newest)),
        ...(detection.length > 0 && { detection }),
      };
    },
    async commit({ checkpoint, detection, entries, isIdle }) {
      lease.check();
      const streams = [...entries.keys()].map((partition) => streamKey(redis, partition));
      const keys = [leaseKey(redis, lease.resource), key, redis.key("marks"), detectionAt, ...streams];
      const mark = isIdle ? "idle" : (checkpoint.newestMs ?? "");
      const head = [leaseValue(lease.owner), step, step + 1, maxEntries, lease.resource, mark];
      const args = [
        ...[...head, ...rowArgs(detection)],
        ...[...Array.from(entries.values(), encodeEntry), ...fieldsOf(checkpoint)],
      ];
      checkAnswer(lease.resource, await lease.guard(runScript(redis, commitScript, keys, args)));
      step += 1;
    },
    finish: () => finishWork(redis, lease, step),
  };
}

function optional<N extends string, T>(name: N, value: T | undefined): Record<N, T> | Record<never, never> {
  return value === undefined ? {} : { [name]: value };
}

function fieldsOf({ cursor, sinkPosition, normalizerState, newestMs }: SliceCheckpoint): (string | number)[] {
  const fields = { cursor, sink: sinkPosition, normalizer: normalizerState, newest: newestMs };
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
}

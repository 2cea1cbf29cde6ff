import type { ClusterRedis } from "../cluster/cluster-redis.ts";
import type { HeldLease } from "../cluster/held-lease.ts";
import { createSliceStore } from "../cluster/slice-store.ts";
import type { Forward, RunDetection } from "../detect/detect-stage.ts";
import { defaultTrackerSettings } from "../session/tracker-settings.ts";
import { fenceLabeller, fenceSink } from "./fence-parts.ts";
import { createSliceStage } from "./slice-stage.ts";
import { type PipelineParts, runPipeline } from "./wire.ts";

/** A pipeline without the parts that a slice shares with other nodes; the caller closes source and sink. */
export interface SliceParts extends Omit<PipelineParts, "sessions" | "state" | "detection"> {
  /** Absent: no rules are asked. */
  readonly createDetection?: ((forward: Forward) => RunDetection) | undefined;
}

export interface SliceSettings {
  readonly redis: ClusterRedis;
  readonly partitions: number;
  /** Steps that may wait for a partition before its readers wait. */
  readonly maxEntries: number;
  /** Tags of the vocabulary, by place. */
  readonly tags: readonly string[];
}

/**
 * Reads a slice from where its last owner came to, until its end or `stop`. Throws `cluster_lease_lost` and
 * `cluster_checkpoint_lost` (reconnect): another owner goes on, from the last step that was stored.
 */
export async function runSlice(
  lease: HeldLease,
  { createDetection, ...parts }: SliceParts,
  { redis, partitions, maxEntries, tags }: SliceSettings,
  stop: AbortSignal,
): Promise<void> {
  const store = createSliceStore(redis, lease, maxEntries);
  const checkpoint = await store.load();
  const latestMs = (): number => parts.now() + defaultTrackerSettings.maxFutureSecs * 1_000;
  const { sessions, state, forward } = createSliceStage({
    slice: lease.resource,
    partitions,
    tags,
    store,
    checkpoint,
    latestMs,
  });
  const sink = fenceSink(parts.sink, lease);
  const labeller = fenceLabeller(parts.labeller, lease);
  const detection = createDetection?.(forward);
  const whole = { ...parts, sessions, state, sink, labeller, ...(detection !== undefined && { detection }) };
  const ended = AbortSignal.any([stop, lease.lost]);
  await runPipeline(whole, ended).catch((error: unknown) => {
    throw lease.lost.aborted ? lease.lost.reason : error;
  });
  lease.lost.throwIfAborted();
  if (!stop.aborted) await store.finish();
}

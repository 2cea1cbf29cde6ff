import { randomUUID } from "node:crypto";
import type { Config } from "../config/config-schema.ts";
import type { TagsmithError } from "../event/tagsmith-error.ts";
import type { Encoder } from "../label/encoder.ts";
import type { Artifact } from "../label/load-artifact.ts";
import { prepareText } from "../label/prepare-text.ts";
import type { QueueEncoder } from "../queue/queue-encoder.ts";
import type { QueueGauges } from "../telemetry/run-metrics.ts";
import type { RunObserver } from "./observe-run.ts";
import { labelVersion, redisSettings } from "./queue-settings.ts";

/** With pauses that double from half a second: about a minute. */
const attempts = 8;
const watchMs = 5_000;
const retryMs = 1_000;

type OnWait = RunObserver["onWait"];

/** Opens an encoder whose work is done elsewhere. */
export interface QueueOpener {
  readonly open: (artifact: Artifact) => Promise<Encoder>;
  /** The queue as numbers; undefined until it is open. */
  readonly gauges: () => QueueGauges | undefined;
}

/** Undefined where texts are labelled in this process. */
export function createQueueOpener(config: Config, isLive: boolean, onWait: OnWait): QueueOpener | undefined {
  if (config.queue.type === "in_process") return undefined;
  let encoder: QueueEncoder | undefined;
  return {
    open: async (artifact) => {
      encoder = await openQueueEncoder(config, artifact, isLive, onWait);
      return encoder;
    },
    gauges: () => encoder && gaugesOf(encoder),
  };
}

/** The modules of the queue load only here. */
async function openQueueEncoder(
  config: Config,
  artifact: Artifact,
  isLive: boolean,
  onWait: OnWait,
): Promise<QueueEncoder> {
  const { createQueueEncoder } = await import("../queue/queue-encoder.ts");
  const { queue, label } = config;
  const topK = Math.min(label.top_k, artifact.tags.length);
  const { maxChars } = artifact.encoder;
  return createQueueEncoder({
    redis: redisSettings(config),
    version: labelVersion(artifact, config, topK),
    topK,
    prepare: (text) => prepareText(text, maxChars),
    lane: queue.priority === "auto" ? (isLive ? "live" : "backfill") : queue.priority,
    tenant: queue.tenant,
    batchTexts: queue.batch_texts,
    batchChars: queue.batch_bytes,
    maxPendingTexts: queue.max_pending_texts,
    maxTextsPerSec: queue.max_texts_per_sec,
    maxWaitingJobs: queue.max_waiting_jobs,
    targetWaitMs: queue.target_wait_secs * 1_000,
    cacheEntries: queue.cache_max_entries,
    attempts,
    watchMs,
    onTrouble: oncePerSecond((error) => onWait(error, retryMs)),
    id: randomUUID(),
  });
}

function gaugesOf(encoder: QueueEncoder): QueueGauges {
  const { queued, shared, failed, retries } = encoder.counters();
  return { ...encoder.standing(), heldBackTexts: queued, sharedTexts: shared, failedTexts: failed, lostJobs: retries };
}

/** A server that is away is told of by every command that waits for it; each kind of trouble is passed on once a second. */
export function oncePerSecond(listener: (error: TagsmithError) => void): (error: TagsmithError) => void {
  const toldMs = new Map<string, number>();
  return (error) => {
    const now = performance.now();
    if (now - (toldMs.get(error.code) ?? Number.NEGATIVE_INFINITY) < 1_000) return;
    toldMs.set(error.code, now);
    listener(error);
  };
}

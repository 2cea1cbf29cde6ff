import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "bullmq";
import { startHeartbeat } from "./heartbeat.ts";
import { LabelConsumer } from "./label-consumer.ts";
import { type LabelJob, queueNameOf } from "./label-job.ts";
import type { Ranking } from "./ranking-text.ts";
import { connectRedis, type RedisSettings } from "./redis-connection.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";

export interface QueueWorkerSettings {
  readonly redis: RedisSettings;
  /** Jobs of other versions are not taken. */
  readonly version: string;
  readonly topK: number;
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  readonly device: string;
  /** Jobs taken at once; their texts share batches. */
  readonly concurrency: number;
  readonly batchTexts: number;
  readonly batchChars: number;
  /** Batches in the encoder at once. */
  readonly batchesInFlight: number;
  readonly cacheEntries: number;
  /** A worker that does not renew its hold on a job for so long has lost it. */
  readonly lockMs: number;
  readonly onTrouble: TroubleListener;
  /** Job after job has failed here: the worker had better end, so that others take the jobs. */
  readonly onBroken: (error: Error) => void;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  readonly id: string;
}

/** Totals since the start. */
interface QueueWorkerCounters {
  readonly jobs: number;
  readonly texts: number;
  /** Of these, found in the shared cache: another worker had them before. */
  readonly shared: number;
  /** Jobs whose producer was gone. */
  readonly dropped: number;
  /** Texts given up. */
  readonly failed: number;
}

/** Takes jobs until it is closed. */
export interface QueueWorker {
  counters(): QueueWorkerCounters;
  /** Takes no more jobs, ends those it has within `withinMs`, and leaves the rest to others. May be called twice. */
  close(withinMs: number): Promise<void>;
}

/** So many failed jobs in a row are no accident. */
const brokenAfter = 10;

/** Connects and starts to take jobs. Throws `queue_redis_*` (exit) when there is no Redis to begin with. */
export async function createQueueWorker(settings: QueueWorkerSettings): Promise<QueueWorker> {
  const { version, onTrouble, lockMs, concurrency, id } = settings;
  const connection = await connectRedis(settings.redis, onTrouble);
  const consumer = new LabelConsumer(settings, connection);
  const { Worker: BullWorker } = await import("bullmq");
  const worker = new BullWorker<LabelJob>(queueNameOf(version), (job) => consumer.work(job), {
    connection: connection.client,
    prefix: connection.prefix,
    name: id,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    // Whether a job is to blame for the death of its workers is ours to find out.
    maxStalledCount: 1_000,
    runRetryDelay: 500,
    drainDelay: 2,
  });
  worker.on("error", (error) => onTrouble(redisError(error)));
  let failures = 0;
  worker.on("completed", () => {
    failures = 0;
  });
  worker.on("failed", (job, error) => {
    failures += 1;
    if (failures === brokenAfter) settings.onBroken(error);
    if (job !== undefined) consumer.onFailed(job, error).catch(() => undefined);
  });
  const heartbeat = await startHeartbeat({
    connection,
    id,
    role: "worker",
    version,
    device: settings.device,
    texts: () => consumer.totals.texts,
    everyMs: 5_000,
    now: settings.now,
    onError: (error) => onTrouble(redisError(error)),
  });
  let closing: Promise<void> | undefined;
  return {
    counters: () => ({ ...consumer.totals }),
    close(withinMs) {
      heartbeat.drain();
      closing ??= endWorker(worker, withinMs)
        .then(() => heartbeat.stop())
        .then(() => connection.close());
      return closing;
    },
  };
}

/** What is not finished in time goes to another worker once its lock has run out. */
async function endWorker(worker: Worker<LabelJob>, withinMs: number): Promise<void> {
  const stop = new AbortController();
  const deadline = sleep(withinMs, undefined, { signal: stop.signal }).catch(() => undefined);
  await Promise.race([worker.close().catch(() => undefined), deadline]);
  stop.abort();
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Worker } from "bullmq";
import { startHeartbeat } from "./heartbeat.ts";
import { LabelConsumer } from "./label-consumer.ts";
import { type LabelJob, type Lane, lanes, queueNameOf } from "./label-job.ts";
import type { Ranking } from "./ranking-text.ts";
import { connectRedis, type RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";

export interface QueueWorkerSettings {
  readonly redis: RedisSettings;
  /** Jobs of other versions are not taken. */
  readonly version: string;
  readonly topK: number;
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  readonly device: string;
  /** Live jobs taken at once at most, and an eighth as many of a backfill; their texts share batches. */
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
  const { version, onTrouble, id } = settings;
  const connection = await connectRedis(settings.redis, onTrouble);
  const consumer = new LabelConsumer(settings, connection);
  const workers = await Promise.all(lanes.map((lane) => takeJobs(settings, connection, consumer, lane)));
  const heartbeat = await startHeartbeat({
    connection,
    id,
    role: "worker",
    version,
    device: settings.device,
    texts: () => consumer.totals.texts,
    everyMs: 5_000,
    onError: (error) => onTrouble(redisError(error)),
  });
  let closing: Promise<void> | undefined;
  return {
    counters: () => ({ ...consumer.totals }),
    close(withinMs) {
      heartbeat.drain();
      closing ??= endWorkers(workers, withinMs)
        .then(() => heartbeat.stop())
        .then(() => connection.close());
      return closing;
    },
  };
}

/** Takes the jobs of one lane. Each lane has places of its own, so a backfill never stands in the way of live work. */
async function takeJobs(
  settings: QueueWorkerSettings,
  connection: RedisConnection,
  consumer: LabelConsumer,
  lane: Lane,
): Promise<Worker<LabelJob>> {
  const { version, id, lockMs, concurrency, onTrouble, onBroken } = settings;
  const { Worker: BullWorker } = await import("bullmq");
  const most = lane === "live" ? concurrency : Math.max(1, Math.ceil(concurrency / 8));
  const places = createPlaces(settings, most);
  const work = (job: Job<LabelJob>): Promise<void> => {
    worker.concurrency = places.after(job.data.texts?.length ?? 1);
    return consumer.work(job, lane);
  };
  const worker = new BullWorker<LabelJob>(queueNameOf(version, lane), work, {
    connection: connection.client,
    prefix: connection.prefix,
    name: id,
    concurrency: places.first,
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
    if (failures === brokenAfter) onBroken(error);
    if (job !== undefined) consumer.onFailed(job, error).catch(() => undefined);
  });
  return worker;
}

/** How much one job counts in what is known of the size of jobs. */
const sizeWeight = 0.1;

/**
 * Jobs to hold at once: enough to fill the batches in the encoder and one more. Holding more large jobs would keep them
 * from workers that are idle; holding fewer small ones would leave batches half empty.
 */
function createPlaces({ batchTexts, batchesInFlight }: QueueWorkerSettings, most: number) {
  const wanted = (batchesInFlight + 1) * batchTexts;
  let jobTexts = batchTexts;
  const places = (): number => Math.max(1, Math.min(most, Math.ceil(wanted / Math.max(1, jobTexts))));
  return {
    first: places(),
    after(texts: number): number {
      jobTexts += sizeWeight * (texts - jobTexts);
      return places();
    },
  };
}

/** What is not finished in time goes to another worker once its lock has run out. */
async function endWorkers(workers: readonly Worker<LabelJob>[], withinMs: number): Promise<void> {
  const stop = new AbortController();
  const deadline = sleep(withinMs, undefined, { signal: stop.signal }).catch(() => undefined);
  const ends = workers.map((worker) => worker.close().catch(() => undefined));
  await Promise.race([Promise.all(ends), deadline]);
  stop.abort();
}

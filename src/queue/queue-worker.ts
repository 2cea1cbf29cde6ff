import type { DeviceUse } from "../telemetry/device-use.ts";
import type { HistogramCounts } from "../telemetry/metric-text.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { LabelConsumer } from "./label-consumer.ts";
import { defaultTenant } from "./label-job.ts";
import type { QueueStanding } from "./queue-standing.ts";
import type { Ranking } from "./ranking-text.ts";
import { connectRedis, type RedisSettings } from "./redis-connection.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";
import { TenantWorkers } from "./tenant-workers.ts";

export interface QueueWorkerSettings {
  readonly redis: RedisSettings;
  /** Jobs of other versions are not taken. */
  readonly version: string;
  readonly topK: number;
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  /** What it encodes on. */
  readonly devices: () => readonly DeviceUse[];
  /** Live jobs of a tenant taken at once at most, and an eighth as many of a backfill; their texts share batches. */
  readonly concurrency: number;
  readonly batchTexts: number;
  readonly batchChars: number;
  /** Batches in the encoder at once. */
  readonly batchesInFlight: number;
  /** What tenants whose texts wait get of the encoder, in relation to each other; 1 where nothing is said. */
  readonly tenantWeights?: Readonly<Record<string, number>> | undefined;
  readonly cacheEntries: number;
  /** A worker that does not renew its hold on a job for so long has lost it. */
  readonly lockMs: number;
  /** Whether `standing` is asked for. */
  readonly watchesDepth?: boolean | undefined;
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
  /** Texts of the batches that the encoder was given. */
  readonly batches: HistogramCounts;
}

/** Takes jobs until it is closed. */
export interface QueueWorker {
  counters(): QueueWorkerCounters;
  /** The queues as they were at the last look; undefined before the first. */
  standing(): QueueStanding | undefined;
  /** Milliseconds since Redis answered last; it is asked every second. */
  silentMs(): number;
  /** Takes no more jobs, ends those it has within `withinMs`, and leaves the rest to others. May be called twice. */
  close(withinMs: number): Promise<void>;
}

/** Connects and starts to take jobs. Throws `queue_redis_*` (exit) when there is no Redis to begin with. */
export async function createQueueWorker(settings: QueueWorkerSettings): Promise<QueueWorker> {
  const { version, onTrouble, id } = settings;
  const connection = await connectRedis(settings.redis, onTrouble);
  const consumer = new LabelConsumer(settings, connection);
  const workers = new TenantWorkers(settings, connection, consumer);
  await workers.start();
  const heartbeat = await startHeartbeat({
    connection,
    id,
    role: "worker",
    version,
    tenant: defaultTenant,
    devices: settings.devices,
    texts: () => consumer.totals.texts,
    everyMs: 5_000,
    onError: (error) => onTrouble(redisError(error)),
  });
  let closing: Promise<void> | undefined;
  return {
    counters: () => ({ ...consumer.totals, batches: consumer.batches() }),
    standing: () => workers.standing,
    silentMs: () => workers.silentMs(),
    close(withinMs) {
      heartbeat.drain();
      closing ??= workers
        .close(withinMs)
        .then(() => heartbeat.stop())
        .then(() => connection.close());
      return closing;
    },
  };
}

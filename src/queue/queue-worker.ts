import type { HistogramCounts } from "../telemetry/metric-text.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { LabelConsumer } from "./label-consumer.ts";
import { defaultTenant } from "./label-job.ts";
import type { QueueStanding } from "./queue-standing.ts";
import type { QueueWorkerSettings } from "./queue-worker-settings.ts";
import { connectRedis } from "./redis-connection.ts";
import { redisError } from "./redis-error.ts";
import { TenantWorkers } from "./tenant-workers.ts";

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

import type { Job, Worker } from "bullmq";
import type { LabelConsumer } from "./label-consumer.ts";
import { defaultTenant, type LabelJob, type Line, queueNameOf } from "./label-job.ts";
import type { QueueWorkerSettings } from "./queue-worker-settings.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { redisError } from "./redis-error.ts";

/** So many failed jobs in a row are no accident. */
const brokenAfter = 10;

/** So often an idle worker asks without having been woken: a few commands each time, which many tenants multiply. */
const idleSecs = { one: 2, many: 10 };

/**
 * Takes the jobs of one line until it is closed. Each line has places of its own, so neither a backfill nor another
 * tenant's backlog stands in the way.
 */
export async function takeJobs(
  settings: QueueWorkerSettings,
  connection: RedisConnection,
  consumer: LabelConsumer,
  line: Line,
): Promise<Worker<LabelJob>> {
  const { version, id, lockMs, concurrency, onTrouble, onBroken } = settings;
  const { Worker: BullWorker } = await import("bullmq");
  const most = line.lane === "live" ? concurrency : Math.max(1, Math.ceil(concurrency / 8));
  const places = createPlaces(settings, most);
  const work = (job: Job<LabelJob>): Promise<void> => {
    worker.concurrency = places.after(job.data.texts?.length ?? 1);
    return consumer.work(job, line);
  };
  const worker = new BullWorker<LabelJob>(queueNameOf(version, line), work, {
    connection: connection.client,
    prefix: connection.prefix,
    name: id,
    concurrency: places.first,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    // Whether a job is to blame for the death of its workers is ours to find out.
    maxStalledCount: 1_000,
    runRetryDelay: 500,
    drainDelay: line.tenant === defaultTenant ? idleSecs.one : idleSecs.many,
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

import { setTimeout as sleep } from "node:timers/promises";
import type { Job, Worker } from "bullmq";
import { encodeSafely } from "./encode-safely.ts";
import { addDeadText, type DeadText, isPresent } from "./fleet.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { digestOf, type LabelJob, queueNameOf, readLabelJob } from "./label-job.ts";
import { createMicroBatcher } from "./micro-batcher.ts";
import { failedText, packRankings, type Ranking } from "./ranking-text.ts";
import { connectRedis, type RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";
import { type JobPart, type Reply, sendReply } from "./reply.ts";
import { createResultCache, type ResultCache } from "./result-cache.ts";

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

/** Jobs older than this are checked for somebody who still waits for them. */
const askProducerAfterMs = 60_000;
/** Parts of a job whose worker died. */
const splitInto = 16;
/** So many workers in a row may die with one text in hand before it is given up. */
const maxDeaths = 3;
const encoderFailed = { code: "encoder_batch_failed", reason: "The encoder failed on it." };

/** Connects and starts to take jobs. Throws `queue_redis_*` (exit) when there is no Redis to begin with. */
export async function createQueueWorker(settings: QueueWorkerSettings): Promise<QueueWorker> {
  const { version, onTrouble, lockMs, concurrency, id } = settings;
  const connection = await connectRedis(settings.redis, onTrouble);
  const consumer = new Consumer(settings, connection);
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
  worker.on("failed", (job, error) => {
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

class Consumer {
  readonly totals = { jobs: 0, texts: 0, shared: 0, dropped: 0, failed: 0 };
  readonly #settings: QueueWorkerSettings;
  readonly #connection: RedisConnection;
  readonly #cache: ResultCache;
  readonly #encode: QueueWorkerSettings["encode"];
  readonly #open = new AbortController().signal;

  constructor(settings: QueueWorkerSettings, connection: RedisConnection) {
    this.#settings = settings;
    this.#connection = connection;
    this.#cache = createResultCache(connection, settings.version, settings.cacheEntries);
    const { encode, batchTexts, batchChars, batchesInFlight } = settings;
    const limits = { maxTexts: batchTexts, maxChars: batchChars, maxInFlight: batchesInFlight };
    this.#encode = createMicroBatcher({ encode, ...limits }).encode;
  }

  /** One job. What it throws makes the queue try the job again later. */
  async work(job: Job<LabelJob>): Promise<void> {
    const { version, now } = this.#settings;
    const label = readLabelJob(job.data);
    if (label === undefined) return;
    this.totals.jobs += 1;
    if (label.version !== version) {
      const reason = `The job is for ${label.version}, this worker has ${version}.`;
      await this.#reply(label, { kind: "failed", job: idOf(job), code: "queue_version_refused", reason });
      return;
    }
    const age = now() - job.timestamp;
    if (age > askProducerAfterMs && !(await isPresent(this.#connection, label.producer, now()))) {
      this.totals.dropped += 1;
      return;
    }
    if (job.stalledCounter > 0 && (await this.#suspect(job, label))) return;
    await this.#label(job, label);
  }

  /** The last attempt failed: whoever waits is told. */
  async onFailed(job: Job<LabelJob>, error: Error): Promise<void> {
    const label = readLabelJob(job.data);
    if (label === undefined || job.attemptsMade < (job.opts.attempts ?? 1)) return;
    const { code } = { code: "queue_job_failed", ...error };
    await this.#reply(label, { kind: "failed", job: idOf(job), code: String(code), reason: error.message });
  }

  async #label(job: Job<LabelJob>, { texts, producer }: LabelJob): Promise<void> {
    const { topK } = this.#settings;
    const digests = texts.map(digestOf);
    const values = [...(await this.#cache.find(digests))];
    const rows = [...values.keys()].filter((row) => values[row] === undefined);
    this.totals.texts += texts.length;
    this.totals.shared += texts.length - rows.length;
    const missing = rows.map((row) => texts[row] ?? "");
    const rankings = missing.length === 0 ? [] : await this.#encodeAll(missing);
    const ranked = rankings.filter((ranking) => ranking !== undefined);
    const packed = packRankings(ranked, topK);
    let next = 0;
    for (const [place, row] of rows.entries()) {
      const value = rankings[place] === undefined ? failedText : packed[next++];
      values[row] = value;
      if (value === failedText) await this.#giveUp(texts[row] ?? "", encoderFailed);
    }
    const done = values.map((value) => value ?? failedText);
    await this.#store(
      rows.map((row) => digests[row] ?? ""),
      rows.map((row) => done[row] ?? failedText),
    );
    await this.#reply({ producer }, { kind: "done", job: idOf(job), values: done });
  }

  async #encodeAll(texts: readonly string[]): Promise<readonly (Ranking | undefined)[]> {
    try {
      return await this.#encode(texts, this.#open);
    } catch {
      // Alone, so that no other job's text is blamed or harmed.
      return encodeSafely(texts, (some) => this.#settings.encode(some, this.#open));
    }
  }

  /** A worker died with this job in hand. It is split until the text that kills workers is alone. True: dealt with. */
  async #suspect(job: Job<LabelJob>, label: LabelJob): Promise<boolean> {
    const [text] = label.texts;
    if (label.texts.length === 1 && text !== undefined) {
      if (job.stalledCounter < maxDeaths) return false;
      const reason = `${job.stalledCounter} workers died with it in hand.`;
      await this.#giveUp(text, { code: "queue_worker_died", reason });
      await this.#store([digestOf(text)], [failedText]);
      await this.#reply(label, { kind: "done", job: idOf(job), values: [failedText] });
      return true;
    }
    const size = Math.ceil(label.texts.length / splitInto);
    const parts: JobPart[] = [];
    for (let from = 0; from < label.texts.length; from += size) {
      parts.push({ job: `${idOf(job)}.${from}`, from, count: Math.min(size, label.texts.length - from) });
    }
    const { Queue: BullQueue } = await import("bullmq");
    const { client, prefix } = this.#connection;
    const queue = new BullQueue<LabelJob>(job.queueName, { connection: client, prefix, skipMetasUpdate: true });
    queue.on("error", (error) => this.#settings.onTrouble(redisError(error)));
    const data = ({ from, count }: JobPart): LabelJob => ({ ...label, texts: label.texts.slice(from, from + count) });
    const { attempts, backoff, priority, removeOnComplete, removeOnFail } = job.opts;
    const kept = { attempts, backoff, priority, removeOnComplete, removeOnFail };
    const opts = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
    await queue.addBulk(
      parts.map((part) => ({ name: job.name, data: data(part), opts: { ...opts, jobId: part.job } })),
    );
    await this.#reply(label, { kind: "split", job: idOf(job), parts });
    return true;
  }

  async #giveUp(text: string, why: Pick<DeadText, "code" | "reason">): Promise<void> {
    this.totals.failed += 1;
    const { version, now } = this.#settings;
    await addDeadText(this.#connection, {
      atMs: now(),
      version,
      digest: digestOf(text),
      length: text.length,
      ...why,
    }).catch((error: unknown) => this.#settings.onTrouble(redisError(error)));
  }

  /** The cache is a help, not a promise: trouble with it stops no result. */
  async #store(digests: readonly string[], values: readonly string[]): Promise<void> {
    try {
      await this.#cache.store(digests, values);
    } catch (cause) {
      const error = redisError(cause);
      this.#settings.onTrouble(error);
      if (error.code === "queue_redis_full") await this.#cache.drop().catch(() => undefined);
    }
  }

  async #reply({ producer }: Pick<LabelJob, "producer">, reply: Reply): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await sendReply(this.#connection, producer, reply);
        return;
      } catch (cause) {
        const error = redisError(cause);
        if (error.code !== "queue_redis_full" || attempt === 20) throw error;
        this.#settings.onTrouble(error);
        await this.#cache.drop().catch(() => undefined);
        await sleep(Math.min(2_000, 50 * 2 ** attempt));
      }
    }
  }
}

function idOf(job: Job<LabelJob>): string {
  return job.id ?? "";
}

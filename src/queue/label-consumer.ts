import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "bullmq";
import { createHistogram, type HistogramCounts } from "../telemetry/metric-text.ts";
import { encodeSafely } from "./encode-safely.ts";
import { addDeadText, type DeadText, isPresent } from "./fleet.ts";
import { digestOf, type LabelJob, type Line, readLabelJob } from "./label-job.ts";
import { createMicroBatcher, type MicroBatcher } from "./micro-batcher.ts";
import type { QueueWorkerSettings } from "./queue-worker-settings.ts";
import { failedText, packRankings, type Ranking } from "./ranking-text.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { redisError } from "./redis-error.ts";
import { type Reply, sendReply } from "./reply.ts";
import { createResultCache, type ResultCache } from "./result-cache.ts";
import { splitJob } from "./split-job.ts";

type Encode = (texts: readonly string[]) => Promise<readonly (Ranking | undefined)[]>;

/** Jobs older than this are checked for somebody who still waits for them. */
const askProducerAfterMs = 60_000;
/** So many workers may die of one text alone in the encoder before it is given up; of a batch, before it is split. */
const maxDeaths = { text: 3, batch: 1 };
const blameSecs = 86_400;
const encoderFailed = { code: "encoder_batch_failed", reason: "The encoder failed on it." };

/** Does what jobs ask for. */
export class LabelConsumer {
  readonly totals = { jobs: 0, texts: 0, shared: 0, dropped: 0, failed: 0 };
  readonly #settings: QueueWorkerSettings;
  readonly #connection: RedisConnection;
  readonly #cache: ResultCache;
  readonly #batcher: MicroBatcher;
  readonly #sizes = createHistogram([1, 4, 16, 64, 128, 256, 512, 1_024, 4_096]);

  constructor(settings: QueueWorkerSettings, connection: RedisConnection) {
    this.#settings = settings;
    this.#connection = connection;
    this.#cache = createResultCache(connection, settings.version, settings.cacheEntries, () => performance.now());
    const { batchTexts: maxTexts, batchChars: maxChars, batchesInFlight: maxInFlight } = settings;
    this.#batcher = createMicroBatcher({
      encode: (texts, signal) => this.#encode(texts, signal),
      maxTexts,
      maxChars,
      maxInFlight,
      weights: settings.tenantWeights,
    });
  }

  /** Texts of the batches that the encoder was given. */
  batches(): HistogramCounts {
    return this.#sizes.counts();
  }

  /** One job. What it throws makes the queue try the job again later. */
  async work(job: Job<LabelJob>, line: Line): Promise<void> {
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
    if (age > askProducerAfterMs && !(await isPresent(this.#connection, label.producer))) {
      this.totals.dropped += 1;
      return;
    }
    if (job.stalledCounter > 0) await this.#batcher.alone(() => this.#labelSuspect(job, label));
    else await this.#label(job, label, (texts) => this.#encodeAmongOthers(texts, line));
  }

  /** The last attempt failed: whoever waits is told. */
  async onFailed(job: Job<LabelJob>, error: Error): Promise<void> {
    const label = readLabelJob(job.data);
    if (label === undefined || job.attemptsMade < (job.opts.attempts ?? 1)) return;
    const { code } = { code: "queue_job_failed", ...error };
    await this.#reply(label, { kind: "failed", job: idOf(job), code: String(code), reason: error.message });
  }

  async #label(job: Job<LabelJob>, { texts, producer }: LabelJob, encode: Encode): Promise<void> {
    const digests = texts.map(digestOf);
    const values = [...(await this.#cache.find(digests))];
    const rows = [...values.keys()].filter((row) => values[row] === undefined);
    this.totals.texts += texts.length;
    this.totals.shared += texts.length - rows.length;
    const pick = (from: readonly (string | undefined)[]): string[] => rows.map((row) => from[row] ?? failedText);
    const missing = pick(texts);
    const rankings = missing.length === 0 ? [] : await encode(missing);
    const ranked = rankings.filter((ranking) => ranking !== undefined);
    const packed = packRankings(ranked, this.#settings.topK);
    let next = 0;
    for (const [place, row] of rows.entries()) {
      const isFailed = rankings[place] === undefined;
      values[row] = isFailed ? failedText : packed[next++];
      if (isFailed) await this.#giveUp(texts[row] ?? "", encoderFailed);
    }
    await this.#store(pick(digests), pick(values));
    const done = values.map((value) => value ?? failedText);
    await this.#reply({ producer }, { kind: "done", job: idOf(job), values: done });
  }

  async #encodeAmongOthers(texts: readonly string[], line: Line): ReturnType<Encode> {
    try {
      return await this.#batcher.encode(texts, line);
    } catch {
      return this.#encodeApart(texts);
    }
  }

  /** No other job's text is blamed or harmed. */
  #encodeApart(texts: readonly string[]): ReturnType<Encode> {
    const never = new AbortController().signal;
    return encodeSafely(texts, (some) => this.#encode(some, never));
  }

  #encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Ranking[]> {
    this.#sizes.add(texts.length);
    return this.#settings.encode(texts, signal);
  }

  /**
   * A worker died with this job in hand; whether it died of it is found out with nothing else in the encoder. A note in
   * Redis that outlives us says so: then a batch is split, and a text alone is given up in the end.
   */
  async #labelSuspect(job: Job<LabelJob>, label: LabelJob): Promise<void> {
    const [text = ""] = label.texts;
    const isAlone = label.texts.length === 1;
    const notes = this.#connection.key("blame", label.version);
    const name = isAlone ? digestOf(text) : idOf(job);
    const deaths = Number(await this.#connection.call("HGET", [notes, name]));
    if (deaths >= (isAlone ? maxDeaths.text : maxDeaths.batch)) {
      if (isAlone) await this.#giveUpDeadly(job, label, deaths);
      else await this.#reply(label, await splitJob(this.#connection, job, label));
      return;
    }
    await this.#connection.call("HINCRBY", [notes, name, 1]);
    await this.#connection.call("EXPIRE", [notes, blameSecs]);
    try {
      await this.#label(job, label, (texts) => this.#encodeApart(texts));
    } finally {
      await this.#connection.call("HDEL", [notes, name]);
    }
  }

  async #giveUpDeadly(job: Job<LabelJob>, label: LabelJob, deaths: number): Promise<void> {
    const [text = ""] = label.texts;
    await this.#giveUp(text, { code: "queue_worker_died", reason: `${deaths} workers died of it.` });
    await this.#store([digestOf(text)], [failedText]);
    await this.#reply(label, { kind: "done", job: idOf(job), values: [failedText] });
  }

  async #giveUp(text: string, why: Pick<DeadText, "code" | "reason">): Promise<void> {
    this.totals.failed += 1;
    const { version, now } = this.#settings;
    const dead = { atMs: now(), version, digest: digestOf(text), length: text.length, ...why };
    await addDeadText(this.#connection, dead).catch((error: unknown) => this.#settings.onTrouble(redisError(error)));
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

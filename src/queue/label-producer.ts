import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { createAdmissionWindow } from "./admission-window.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { cutBatches, digestOf, type LabelJob } from "./label-job.ts";
import { orTimeout, patiently } from "./patience.ts";
import { createPieces, type Piece } from "./pieces.ts";
import { findLostJobs } from "./queue-depth.ts";
import type { QueueEncoderCounters, QueueEncoderSettings } from "./queue-encoder.ts";
import { type QueueStanding, readStanding } from "./queue-standing.ts";
import { failedText, type Ranking, unpackRanking } from "./ranking-text.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { redisError } from "./redis-error.ts";
import { receiveReplies, replyKey } from "./reply.ts";
import { createResultCache } from "./result-cache.ts";
import { registerTenant } from "./tenants.ts";

const closeWithinMs = 20_000;
/** Why the parts of a call end that has its result. Made once: it is no error, and its stack costs. */
const over = new Error("the call is over");

/** Puts texts into the queue and waits for what workers say of them. */
export class LabelProducer {
  readonly #settings: QueueEncoderSettings;
  readonly #connection: RedisConnection;
  readonly #inbox: RedisConnection;
  readonly #queue: Queue<LabelJob>;
  readonly #pieces = createPieces(monotonic, (code, reason) => new TagsmithError(code, reason, "exit"));
  readonly #window;
  readonly #cache;
  readonly #ended = new AbortController();
  readonly #totals = { texts: 0, batches: 0, retries: 0, shared: 0, failed: 0 };
  #jobs = 0;
  #closing: Promise<void> | undefined;
  #background: Promise<unknown>[] = [];
  #stopHeartbeat: () => Promise<void> = async () => undefined;
  standing: QueueStanding | undefined;

  constructor(
    settings: QueueEncoderSettings,
    connection: RedisConnection,
    inbox: RedisConnection,
    queue: Queue<LabelJob>,
  ) {
    this.#settings = settings;
    this.#connection = connection;
    this.#inbox = inbox;
    this.#queue = queue;
    this.#cache = createResultCache(connection, settings.version, settings.cacheEntries, monotonic);
    this.#window = createAdmissionWindow({
      minTexts: settings.batchTexts,
      maxTexts: settings.maxPendingTexts,
      targetMs: settings.targetWaitMs,
      maxPerSec: settings.maxTextsPerSec,
      now: monotonic,
    });
  }

  async start(): Promise<void> {
    const { id, version, tenant, onTrouble } = this.#settings;
    await registerTenant(this.#connection, version, tenant);
    const onError = (error: unknown): void => onTrouble(redisError(error));
    const own = { id, role: "producer", version, tenant, devices: () => [] } as const;
    const texts = (): number => this.#totals.texts;
    const heartbeat = await startHeartbeat({
      ...own,
      connection: this.#connection,
      texts,
      everyMs: 5_000,
      onError,
    });
    this.#stopHeartbeat = () => heartbeat.stop();
    this.#background = [this.#receive(), this.#watch()];
  }

  async encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Ranking[]> {
    signal.throwIfAborted();
    if (this.#closing !== undefined) throw closedError();
    const { batchTexts, batchChars, topK, prepare } = this.#settings;
    const prepared = texts.map(prepare);
    const digests = prepared.map(digestOf);
    this.#totals.texts += texts.length;
    const values = [...(await this.#patiently(() => this.#cache.find(digests), signal))];
    const rows = [...values.keys()].filter((row) => values[row] === undefined);
    this.#totals.shared += texts.length - rows.length;
    const failure = new AbortController();
    const end = AbortSignal.any([signal, failure.signal]);
    const batches = cutBatches(rows, prepared, { maxTexts: batchTexts, maxChars: batchChars });
    const send = async (batch: readonly number[]): Promise<void> => {
      const pick = (from: readonly string[]): string[] => batch.map((row) => from[row] ?? "");
      const results = await this.#send(pick(prepared), pick(digests), end);
      for (const [place, row] of batch.entries()) values[row] = results[place];
    };
    try {
      await Promise.all(batches.map(send));
    } finally {
      failure.abort(over);
    }
    this.#totals.failed += values.reduce((sum, value) => sum + (value === failedText ? 1 : 0), 0);
    return values.map((value) => unpackRanking(value ?? failedText, topK));
  }

  counters(): QueueEncoderCounters {
    // What the workers' models did is counted there.
    const model = { unsure: 0, tokens: 0, paddedTokens: 0 };
    return { ...this.#totals, ...model, queued: this.#window.state().waiting };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #send(texts: readonly string[], digests: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const job = this.#nextJob();
    await this.#window.enter(texts.length, AbortSignal.any([signal, this.#ended.signal]));
    const abort = (): void => this.#pieces.forget(job, signal.reason);
    try {
      const sentMs = monotonic();
      const answer = this.#pieces.wait(job, texts, digests);
      signal.addEventListener("abort", abort, { once: true });
      // It may be answered, or given up, before it is put into the queue.
      answer.catch(() => undefined);
      await this.#patiently(() => this.#add(job, texts), signal);
      const values = await answer;
      this.#window.answered(texts.length, monotonic() - sentMs);
      return values;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#window.leave(texts.length);
    }
  }

  async #add(job: string, texts: readonly string[]): Promise<void> {
    const { version, id, attempts } = this.#settings;
    this.#totals.batches += 1;
    await this.#queue.add(
      "label",
      { version, producer: id, texts },
      {
        jobId: job,
        attempts,
        backoff: { type: "exponential", delay: 500, jitter: 0.5 },
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
  }

  /** A colon would name another kind of key to the queue. */
  #nextJob(): string {
    this.#jobs += 1;
    return `${this.#settings.id}-${this.#jobs}`;
  }

  #patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const onFailed = async ({ code }: TagsmithError): Promise<void> => {
      if (code === "queue_redis_full") await this.#cache.drop().catch(() => undefined);
    };
    const patience = { onTrouble: this.#settings.onTrouble, onFailed, ended: this.#ended.signal };
    return patiently(work, patience, signal);
  }

  async #receive(): Promise<void> {
    const { id, topK, onTrouble } = this.#settings;
    const { signal } = this.#ended;
    const wait = async (error: unknown): Promise<void> => {
      onTrouble(redisError(error));
      await sleep(200, undefined, { signal }).catch(() => undefined);
    };
    for await (const reply of receiveReplies(this.#inbox, id, topK, signal, wait)) this.#pieces.take(reply);
  }

  async #watch(): Promise<void> {
    const { watchMs, onTrouble } = this.#settings;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await sleep(watchMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#look();
        await this.#findLost(monotonic() - 2 * watchMs);
      } catch (error) {
        if (!signal.aborted) onTrouble(redisError(error));
      }
    }
  }

  async #look(): Promise<void> {
    const { version, lane, tenant, maxWaitingJobs, onTrouble } = this.#settings;
    // Again and again: Redis may have been emptied.
    await registerTenant(this.#connection, version, tenant);
    const { standing, own } = await readStanding(this.#connection, version, tenant);
    this.standing = standing;
    const waiting = lane === "live" ? own.waiting : own.waitingBackfill;
    if (waiting > maxWaitingJobs) this.#window.shrink();
    if (standing.workers > 0 || this.#pieces.size === 0) return;
    const message = `No worker has the model ${version}; texts wait for one (tagsmith worker).`;
    onTrouble(new TagsmithError("queue_without_workers", message, "retry"));
  }

  /** A job that is neither answered nor in the queue was done and its answer lost, or was lost with the queue. */
  async #findLost(beforeMs: number): Promise<void> {
    const old = this.#pieces.olderThan(beforeMs);
    const lost = new Set(
      await findLostJobs(
        this.#connection,
        this.#settings,
        old.map(({ job }) => job),
      ),
    );
    for (const piece of old) if (lost.has(piece.job)) await this.#recover(piece);
  }

  async #recover(piece: Piece): Promise<void> {
    const values = await this.#cache.find(piece.digests);
    const found = values.filter((value) => value !== undefined);
    if (found.length === values.length) {
      this.#pieces.take({ kind: "done", job: piece.job, values: found });
      return;
    }
    const job = this.#nextJob();
    this.#totals.retries += 1;
    this.#pieces.resend(piece, job);
    await this.#add(job, piece.texts);
  }

  async #end(): Promise<void> {
    const until = monotonic() + closeWithinMs;
    while (this.#pieces.size > 0 && monotonic() < until) await sleep(20);
    this.#ended.abort(closedError());
    this.#pieces.failAll(closedError());
    await this.#stopHeartbeat();
    await orTimeout(this.#connection.call("UNLINK", [replyKey(this.#connection, this.#settings.id)]), 1_000);
    await this.#inbox.close();
    await orTimeout(Promise.all(this.#background), 1_000);
    await orTimeout(this.#queue.close(), 2_000);
    await this.#connection.close();
  }
}

function closedError(): TagsmithError {
  return new TagsmithError("encoder_closed", "The encoder is closed.", "exit");
}

function monotonic(): number {
  return performance.now();
}

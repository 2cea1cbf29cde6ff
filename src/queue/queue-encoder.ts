import { type LabelJob, type Lane, queueNameOf } from "./label-job.ts";
import { LabelProducer } from "./label-producer.ts";
import type { QueueStanding } from "./queue-standing.ts";
import type { Ranking } from "./ranking-text.ts";
import { connectRedis, type RedisSettings } from "./redis-connection.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";

export interface QueueEncoderSettings {
  readonly redis: RedisSettings;
  /** Model, tier and number of labels; workers of another version never see our jobs. */
  readonly version: string;
  readonly topK: number;
  readonly prepare: (text: string) => string;
  /** Work of a backfill waits until nothing live does. */
  readonly lane: Lane;
  /** Producers of one tenant have one share of the workers together. */
  readonly tenant: string;
  readonly batchTexts: number;
  readonly batchChars: number;
  readonly maxPendingTexts: number;
  readonly maxTextsPerSec?: number | undefined;
  /** Answers later than this make a producer hold back. */
  readonly targetWaitMs: number;
  /** More jobs waiting than this make a producer hold back. */
  readonly maxWaitingJobs: number;
  readonly cacheEntries: number;
  /** How often a job is tried before `encode` rejects; an encoder's failure counts, a worker's death does not. */
  readonly attempts: number;
  /** How often an unanswered job is looked after, and the depth of the queue. */
  readonly watchMs: number;
  readonly onTrouble: TroubleListener;
  /** Names this producer among all that ever were. */
  readonly id: string;
}

/** Totals since the start, and how it stands. */
export interface QueueEncoderCounters {
  readonly texts: number;
  readonly unsure: number;
  /** Jobs put into the queue. */
  readonly batches: number;
  readonly tokens: number;
  readonly paddedTokens: number;
  /** Jobs sent again because the queue had lost them. */
  readonly retries: number;
  /** Texts that wait to be let into the queue. */
  readonly queued: number;
  /** Texts whose result another producer had asked for before. */
  readonly shared: number;
  /** Texts that no worker could encode; they get no labels. */
  readonly failed: number;
}

/** Ranks tags for texts on other machines; keeps the contract of the encoder in this process. */
export interface QueueEncoder {
  readonly topK: number;
  prepare(text: string): string;
  encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Ranking[]>;
  counters(): QueueEncoderCounters;
  /** As it was at the last look; undefined before the first. */
  standing(): QueueStanding | undefined;
  close(): Promise<void>;
}

/**
 * Connects to Redis and starts to listen for results. Work waits while Redis or workers are away; what is wrong goes to
 * `onTrouble`. Throws `queue_redis_*` (exit) when there is no Redis to begin with, and `queue_too_many_tenants` (exit).
 */
export async function createQueueEncoder(settings: QueueEncoderSettings): Promise<QueueEncoder> {
  const connection = await connectRedis(settings.redis, settings.onTrouble);
  const inbox = await connection.another();
  const { Queue: BullQueue } = await import("bullmq");
  const queue = new BullQueue<LabelJob>(queueNameOf(settings.version, settings), {
    connection: connection.client,
    prefix: connection.prefix,
    streams: { events: { maxLen: 100 } },
  });
  queue.on("error", (error) => settings.onTrouble(redisError(error)));
  const producer = new LabelProducer(settings, connection, inbox, queue);
  await producer.start();
  return {
    topK: settings.topK,
    prepare: settings.prepare,
    encode: (texts, signal) => producer.encode(texts, signal),
    counters: () => producer.counters(),
    standing: () => producer.standing,
    close: () => producer.close(),
  };
}

import { type ChildProcess, fork } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { join } from "node:path";
import { prepareText } from "../../src/label/prepare-text.ts";
import { createQueueEncoder, type QueueEncoder, type QueueEncoderSettings } from "../../src/queue/queue-encoder.ts";
import { createQueueWorker, type QueueWorker } from "../../src/queue/queue-worker.ts";
import type { QueueWorkerSettings } from "../../src/queue/queue-worker-settings.ts";
import type { Ranking } from "../../src/queue/ranking-text.ts";
import type { RedisSettings } from "../../src/queue/redis-connection.ts";

export const topK = 5;
export const version = "test@1 balanced 5";

/** Settings of a queue of its own on the Redis at `url`. */
export function redisAt(url: string, more: Partial<RedisSettings> = {}): RedisSettings {
  return { url, isCluster: false, keyPrefix: `test-${randomUUID()}`, ...more };
}

/** Ranks by the text's hash: tells any two texts apart, and any two runs agree. */
export function rankByHash(text: string): Ranking {
  const bytes = createHash("sha256").update(text).digest();
  const indices = Uint16Array.from({ length: topK }, (_, place) => bytes.readUInt16LE(2 * place) % 361);
  const scores = Float32Array.from({ length: topK }, (_, place) => bytes.readUInt32LE(12 + 4 * place) / 2 ** 32);
  return { indices, scores };
}

/** A producer with short waits. */
export function openProducer(redis: RedisSettings, more: Partial<QueueEncoderSettings> = {}): Promise<QueueEncoder> {
  return createQueueEncoder({
    redis,
    version,
    topK,
    prepare: (text) => prepareText(text, 1_000),
    lane: "live",
    tenant: "default",
    batchTexts: 16,
    batchChars: 16_384,
    maxPendingTexts: 4_096,
    targetWaitMs: 5_000,
    maxWaitingJobs: 1_000,
    cacheEntries: 100_000,
    attempts: 8,
    watchMs: 200,
    onTrouble: () => undefined,
    id: randomUUID(),
    ...more,
  });
}

/** A worker that ranks by hash. */
export function openWorker(redis: RedisSettings, more: Partial<QueueWorkerSettings> = {}): Promise<QueueWorker> {
  return createQueueWorker({
    redis,
    version,
    topK,
    encode: async (texts) => texts.map(rankByHash),
    devices: () => [{ name: "cpu", texts: 0, busySecs: 0 }],
    concurrency: 4,
    batchTexts: 64,
    batchChars: 65_536,
    batchesInFlight: 1,
    cacheEntries: 100_000,
    lockMs: 1_000,
    onBroken: () => undefined,
    onTrouble: () => undefined,
    now: () => Date.now(),
    id: randomUUID(),
    ...more,
  });
}

interface ProcessSettings {
  readonly redis: RedisSettings;
  /** How long a batch takes. */
  readonly batchMs?: number;
  /** A text that kills the process. */
  readonly deadly?: string;
  readonly lockMs?: number;
}

/** A worker in a process of its own; resolves when it takes jobs, or has ended before it could say so. */
export async function forkWorker(settings: ProcessSettings, onExit = () => {}): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "queue-worker-process.ts"), [JSON.stringify(settings)], {
    execArgv: ["--conditions=source"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await new Promise((ready, failed) => {
    child.once("message", ready);
    child.once("exit", ready);
    child.once("exit", onExit);
    child.once("error", failed);
  });
  return child;
}

/** Distinct texts. */
export function textsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${name} --part ${n}`);
}

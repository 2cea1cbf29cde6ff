import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Lane } from "../src/queue/label-job.ts";
import { createQueueEncoder, type QueueEncoder } from "../src/queue/queue-encoder.ts";
import { connectRedis, type RedisSettings } from "../src/queue/redis-connection.ts";

export const version = "bench@1 balanced 5";
export const topK = 5;
/** A batch of a GPU, and how long it takes. */
export const gpuBatch = 224;
export const gpuMs = 40;

const program = join(import.meta.dirname, "queue-worker-process.ts");

/** A queue of its own. */
export function settingsAt(url: string): RedisSettings {
  return { url, isCluster: false, keyPrefix: `bench-${randomUUID()}` };
}

/** Starts worker processes; each tells when it takes jobs. */
export async function startWorkers(redis: RedisSettings, count: number, batchMs: number): Promise<ChildProcess[]> {
  const children = Array.from({ length: count }, () => fork(program, [JSON.stringify(redis), String(batchMs)]));
  await Promise.all(children.map((child) => new Promise((ready) => child.once("message", ready))));
  return children;
}

export async function endWorkers(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => new Promise((gone) => child.once("exit", gone))));
}

export function openProducer(
  redis: RedisSettings,
  batchTexts: number,
  { lane = "live", tenant = "default" }: { readonly lane?: Lane; readonly tenant?: string } = {},
): Promise<QueueEncoder> {
  return createQueueEncoder({
    redis,
    version,
    topK,
    prepare: (text) => text,
    lane,
    tenant,
    batchTexts,
    batchChars: 1 << 18,
    maxPendingTexts: 1 << 16,
    targetWaitMs: 60_000,
    maxWaitingJobs: 10_000,
    cacheEntries: 1_000_000,
    attempts: 8,
    watchMs: 5_000,
    onTrouble: ({ message }) => process.stderr.write(`producer: ${message}\n`),
    id: randomUUID(),
  });
}

interface ServerUse {
  /** Microseconds of processor time. */
  readonly cpuUs: number;
  readonly netBytes: number;
  readonly memoryBytes: number;
  readonly commands: number;
  readonly clients: number;
}

export async function serverUse(url: string): Promise<ServerUse> {
  const connection = await connectRedis({ url, isCluster: false, keyPrefix: "bench" }, () => undefined);
  const info = String(await connection.call("INFO", ["all"]));
  await connection.close();
  const read = (name: string): number => Number(new RegExp(`\n${name}:([\\d.]+)`).exec(info)?.[1]);
  return {
    cpuUs: 1e6 * (read("used_cpu_user") + read("used_cpu_sys")),
    netBytes: read("total_net_input_bytes") + read("total_net_output_bytes"),
    memoryBytes: read("used_memory"),
    commands: read("total_commands_processed"),
    clients: read("connected_clients"),
  };
}

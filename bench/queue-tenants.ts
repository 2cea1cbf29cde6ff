// What tenants of one queue cost and get: node --conditions=source bench/queue-tenants.ts
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createQueueEncoder, type QueueEncoder } from "../src/queue/queue-encoder.ts";
import { connectRedis, type RedisSettings } from "../src/queue/redis-connection.ts";
import { registerTenant } from "../src/queue/tenants.ts";
import { startRedis } from "../test/servers/start-redis.ts";

const version = "bench@1 balanced 5";
/** A batch of a GPU. */
const gpuBatch = 224;
const gpuMs = 40;

async function withWorkers<T>(
  redis: RedisSettings,
  { count, batchMs }: { readonly count: number; readonly batchMs: number },
  use: () => Promise<T>,
): Promise<T> {
  const program = join(import.meta.dirname, "queue.ts");
  const children: readonly ChildProcess[] = Array.from({ length: count }, () =>
    fork(program, ["worker", JSON.stringify(redis), String(batchMs)]),
  );
  await Promise.all(children.map((child) => new Promise((ready) => child.once("message", ready))));
  try {
    return await use();
  } finally {
    const ends = children.map((child) => new Promise((gone) => child.once("exit", gone)));
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(ends);
  }
}

function openProducer(redis: RedisSettings, tenant: string, batchTexts: number): Promise<QueueEncoder> {
  return createQueueEncoder({
    redis,
    version,
    topK: 5,
    prepare: (text) => text,
    lane: "live",
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

function settingsAt(url: string): RedisSettings {
  return { url, isCluster: false, keyPrefix: `bench-${randomUUID()}` };
}

/** Milliseconds that 32 live texts of `small` wait, a tenth of what two workers can do, while `large` asks for all of it. */
async function measureWait(url: string, small: string, large: string, seconds: number): Promise<string> {
  const redis = settingsAt(url);
  return withWorkers(redis, { count: 2, batchMs: gpuMs }, async () => {
    const [ours, theirs] = [await openProducer(redis, small, gpuBatch), await openProducer(redis, large, gpuBatch)];
    const stop = new AbortController();
    const flooding = Array.from({ length: 64 }, async (_, lane) => {
      for (let round = 0; !stop.signal.aborted; round += 1) {
        const texts = Array.from({ length: 4 * gpuBatch }, (__, n) => `large ${lane} ${round} ${n}`);
        await theirs.encode(texts, stop.signal).catch(() => undefined);
      }
    });
    await sleep(3_000);
    const perSec = (0.1 * 2 * gpuBatch * 1_000) / gpuMs / 32;
    const waits: number[] = [];
    const calls: Promise<unknown>[] = [];
    const start = performance.now();
    for (let call = 0; call < perSec * seconds; call += 1) {
      await sleep(Math.max(0, start + (1_000 * call) / perSec - performance.now()));
      const from = performance.now();
      const texts = Array.from({ length: 32 }, (_, n) => `small ${call} ${n}`);
      calls.push(ours.encode(texts, stop.signal).then(() => waits.push(performance.now() - from)));
    }
    await Promise.all(calls);
    stop.abort();
    await Promise.all(flooding);
    await Promise.all([ours.close(), theirs.close()]);
    waits.sort((x, y) => x - y);
    const at = (share: number): number => Math.round(waits[Math.floor(share * (waits.length - 1))] ?? 0);
    return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
  });
}

/** Texts a second of all tenants together through a worker that computes nothing. */
async function measureMany(url: string, tenants: number, texts: number): Promise<string> {
  const redis = settingsAt(url);
  return withWorkers(redis, { count: 1, batchMs: 0 }, async () => {
    const names = tenants === 1 ? ["default"] : Array.from({ length: tenants }, (_, n) => `tenant-${n}`);
    const producers = await Promise.all(names.map((name) => openProducer(redis, name, 256)));
    await sleep(2_000);
    const before = await serverUse(url);
    const start = performance.now();
    const calls = Array.from({ length: 16 }, async (_, lane) => {
      for (let from = 0; from < texts / 16; from += 256) {
        const some = Array.from({ length: 256 }, (__, n) => `/usr/bin/python3 /srv/app/${lane}/${from + n}/main.py`);
        await producers[lane % tenants]?.encode(some, new AbortController().signal);
      }
    });
    await Promise.all(calls);
    const perSec = Math.round((1_000 * texts) / (performance.now() - start));
    const redisUs = ((await serverUse(url)).cpuUs - before.cpuUs) / texts;
    await Promise.all(producers.map((producer) => producer.close()));
    return `${perSec} texts/s, Redis ${redisUs.toFixed(2)} us a text`;
  });
}

/** What a worker that has nothing to do costs Redis. */
async function measureIdle(url: string, tenants: number): Promise<string> {
  const redis = settingsAt(url);
  const connection = await connectRedis(redis, () => undefined);
  for (let n = 0; n < tenants; n += 1) await registerTenant(connection, version, `tenant-${n}`);
  await connection.close();
  return withWorkers(redis, { count: 1, batchMs: 0 }, async () => {
    await sleep(3_000);
    const before = await serverUse(url);
    await sleep(10_000);
    const after = await serverUse(url);
    return `${after.clients - 1} connections, ${((after.commands - before.commands) / 10).toFixed(0)} commands/s`;
  });
}

async function serverUse(url: string) {
  const connection = await connectRedis({ url, isCluster: false, keyPrefix: "bench" }, () => undefined);
  const info = String(await connection.call("INFO", ["all"]));
  await connection.close();
  const read = (name: string): number => Number(new RegExp(`\n${name}:([\\d.]+)`).exec(info)?.[1]);
  return {
    cpuUs: 1e6 * (read("used_cpu_user") + read("used_cpu_sys")),
    commands: read("total_commands_processed"),
    clients: read("connected_clients"),
  };
}

const server = await startRedis();
const say = (text: string): void => void process.stdout.write(`${text}\n`);
for (const tenants of [0, 16]) say(`idle worker, ${tenants} more tenants: ${await measureIdle(server.url, tenants)}`);
for (const tenants of [1, 4, 16])
  say(`no-op encoder, ${tenants} tenants: ${await measureMany(server.url, tenants, 200_000)}`);
say(`live texts beside a flood of live texts of their own tenant: ${await measureWait(server.url, "a", "a", 8)}`);
say(`of another tenant: ${await measureWait(server.url, "b", "a", 8)}`);
await server.stop();

// What tenants of one queue cost and get: node --conditions=source bench/queue-tenants.ts
import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis, type RedisSettings } from "../src/queue/redis-connection.ts";
import { registerTenant } from "../src/queue/tenants.ts";
import { startRedis } from "../test/servers/start-redis.ts";
import {
  endWorkers,
  gpuBatch,
  gpuMs,
  openProducer,
  serverUse,
  settingsAt,
  startWorkers,
  version,
} from "./queue-scene.ts";

async function withWorkers<T>(
  redis: RedisSettings,
  { count, batchMs }: { readonly count: number; readonly batchMs: number },
  use: () => Promise<T>,
): Promise<T> {
  const children = await startWorkers(redis, count, batchMs);
  try {
    return await use();
  } finally {
    await endWorkers(children);
  }
}

/** Milliseconds that 32 live texts of `small` wait, a tenth of what two workers can do, while `large` asks for all of it. */
async function measureWait(url: string, small: string, large: string, seconds: number): Promise<string> {
  const redis = settingsAt(url);
  return withWorkers(redis, { count: 2, batchMs: gpuMs }, async () => {
    const [ours, theirs] = [
      await openProducer(redis, gpuBatch, { tenant: small }),
      await openProducer(redis, gpuBatch, { tenant: large }),
    ];
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
    const producers = await Promise.all(names.map((name) => openProducer(redis, 256, { tenant: name })));
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

const server = await startRedis();
const say = (text: string): void => void process.stdout.write(`${text}\n`);
for (const tenants of [0, 16]) say(`idle worker, ${tenants} more tenants: ${await measureIdle(server.url, tenants)}`);
for (const tenants of [1, 4, 16])
  say(`no-op encoder, ${tenants} tenants: ${await measureMany(server.url, tenants, 200_000)}`);
say(`live texts beside a flood of live texts of their own tenant: ${await measureWait(server.url, "a", "a", 8)}`);
say(`of another tenant: ${await measureWait(server.url, "b", "a", 8)}`);
await server.stop();

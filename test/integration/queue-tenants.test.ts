import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Lane } from "../../src/queue/label-job.ts";
import type { QueueEncoder } from "../../src/queue/queue-encoder.ts";
import { connectRedis, type RedisSettings } from "../../src/queue/redis-connection.ts";
import { forgetTenant, listTenants, maxTenants, registerTenant } from "../../src/queue/tenants.ts";
import { bitsOf } from "../contract/check-encoder.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { forkWorker, openProducer, openWorker, rankByHash, redisAt, textsOf, version } from "./queue-scene.ts";

const open = new AbortController().signal;
const expected = (texts: readonly string[]): number[][] => texts.map((text) => bitsOf(rankByHash(text)));

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function producerOf(tenant: string, redis: RedisSettings, lane: Lane = "live"): Promise<QueueEncoder> {
  const producer = await openProducer(redis, { tenant, lane, batchTexts: 32 });
  closers.push(() => producer.close());
  return producer;
}

/** A worker that takes 10 ms a batch of 64 and notes how many texts of each tenant a batch had; texts begin with the tenant's name. */
async function slowWorker(redis: RedisSettings, more: Parameters<typeof openWorker>[1] = {}) {
  const batches: Readonly<Record<string, number>>[] = [];
  const worker = await openWorker(redis, {
    concurrency: 64,
    encode: async (texts) => {
      const counts: Record<string, number> = {};
      for (const text of texts) {
        const name = text.split(" ")[0] ?? "";
        counts[name] = (counts[name] ?? 0) + 1;
      }
      batches.push(counts);
      await sleep(10);
      return texts.map(rankByHash);
    },
    ...more,
  });
  closers.push(() => worker.close(2_000));
  return { batches, worker };
}

/** What a tenant got of the batches from its first to its last one. */
function shareOf(name: string, batches: readonly Readonly<Record<string, number>>[]): number {
  const first = batches.findIndex((counts) => counts[name] !== undefined);
  const last = batches.findLastIndex((counts) => counts[name] !== undefined);
  const both = batches.slice(first, last + 1);
  const total = both.flatMap((counts) => Object.values(counts)).reduce((sum, count) => sum + count, 0);
  return both.reduce((sum, counts) => sum + (counts[name] ?? 0), 0) / total;
}

/** Some producers of tenant `a` ask for 50 times as much as one of tenant `b`, which comes later. */
async function flood(
  redis: RedisSettings,
  lane: Lane,
  more: Parameters<typeof openWorker>[1] = {},
  workers = 1,
): Promise<number> {
  const large = await Promise.all([producerOf("a", redis, lane), producerOf("a", redis, lane)]);
  const small = await producerOf("b", redis, lane);
  const all = await Promise.all(Array.from({ length: workers }, () => slowWorker(redis, more)));
  const stop = new AbortController();
  const flooding = large.map((producer, n) => producer.encode(textsOf(`a ${n}`, 25 * 1_280), stop.signal));
  await sleep(200);
  const texts = textsOf("b", 1_280);
  expect((await small.encode(texts, open)).map(bitsOf)).toEqual(expected(texts));
  stop.abort(new Error("enough"));
  await Promise.allSettled(flooding);
  const shares = all.map(({ batches }) => shareOf("b", batches));
  return shares.reduce((sum, share) => sum + share, 0) / workers;
}

describe("tenants of one queue", () => {
  it.each(["live", "backfill"] as const)(
    "get equal shares of a %s lane, whoever has more to do",
    async (lane) => {
      const share = await flood(redisAt(server.url), lane);
      expect(share).toBeGreaterThan(0.42);
      expect(share).toBeLessThan(0.58);
    },
    60_000,
  );

  it("get equal shares of several workers, too", async () => {
    const share = await flood(redisAt(server.url), "live", {}, 3);
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.6);
  }, 60_000);

  it("get shares by their weights where the worker has some", async () => {
    const share = await flood(redisAt(server.url), "live", { tenantWeights: { b: 3 } });
    expect(share).toBeGreaterThan(0.65);
    expect(share).toBeLessThan(0.85);
  }, 60_000);

  it("leave nothing idle: one alone gets all of it", async () => {
    const redis = redisAt(server.url);
    const alone = await producerOf("a", redis);
    const { batches } = await slowWorker(redis);
    await sleep(1_200);
    await alone.encode(textsOf("a", 3_200), open);
    const full = batches.filter((counts) => counts["a"] === 64).length;
    expect(full / batches.length).toBeGreaterThan(0.8);
  }, 30_000);

  it("wait for live work of any of them before their backfills", async () => {
    const redis = redisAt(server.url);
    const old = await producerOf("a", redis, "backfill");
    const fresh = await producerOf("b", redis);
    const { batches } = await slowWorker(redis);
    const stop = new AbortController();
    const flooding = old.encode(textsOf("a", 16_000), stop.signal);
    await sleep(300);
    await fresh.encode(textsOf("b", 1_280), open);
    stop.abort(new Error("enough"));
    await flooding.catch(() => undefined);
    expect(shareOf("b", batches)).toBeGreaterThan(0.7);
  }, 30_000);

  it("share results: a text that two of them ask for is encoded once", async () => {
    const redis = redisAt(server.url);
    const producers = await Promise.all(["a", "b", "default"].map((tenant) => producerOf(tenant, redis)));
    const { batches } = await slowWorker(redis);
    await sleep(1_200);
    const texts = textsOf("same", 48);
    const results = await Promise.all(producers.map((producer) => producer.encode(texts, open)));
    for (const rankings of results) expect(rankings.map(bitsOf)).toEqual(expected(texts));
    expect(batches.reduce((sum, counts) => sum + (counts["same"] ?? 0), 0)).toBe(48);
  }, 30_000);

  it("that are new are found by workers that run, also after Redis was emptied", async () => {
    const redis = redisAt(server.url);
    await slowWorker(redis);
    const producer = await producerOf("late", redis);
    expect((await producer.encode(["id"], open)).map(bitsOf)).toEqual(expected(["id"]));
    const connection = await connectRedis(redis, () => undefined);
    closers.push(() => connection.close());
    await connection.call("FLUSHALL", []);
    await slowWorker(redis);
    const texts = textsOf("late", 200);
    expect((await producer.encode(texts, open)).map(bitsOf)).toEqual(expected(texts));
  }, 30_000);

  it("lose nothing when workers are killed and Redis is emptied", async () => {
    const redis = redisAt(server.url);
    const producers = await Promise.all(["a", "b"].map((tenant) => producerOf(tenant, redis)));
    const settings = { redis, batchMs: 30, lockMs: 1_000 };
    const workers = [await forkWorker(settings), await forkWorker(settings)];
    const all = producers.map((_, n) => textsOf(`tar ${n}`, 1_000));
    const results = producers.map((producer, n) => producer.encode(all[n] ?? [], open));
    await sleep(1_500);
    workers.shift()?.kill("SIGKILL");
    workers.push(await forkWorker(settings));
    const connection = await connectRedis(redis, () => undefined);
    closers.push(() => connection.close());
    await connection.call("FLUSHALL", []);
    closers.push(async () => workers.map((worker) => worker.kill("SIGKILL")));
    for (const [n, rankings] of (await Promise.all(results)).entries()) {
      expect(rankings.map(bitsOf)).toEqual(expected(all[n] ?? []));
    }
  }, 60_000);

  it("are bounded in number, and one that is known may come back", async () => {
    const connection = await connectRedis(redisAt(server.url), () => undefined);
    closers.push(() => connection.close());
    const join = (n: number): Promise<void> => registerTenant(connection, version, `tenant-${n}`);
    for (let n = 0; n < maxTenants; n += 1) await join(n);
    await expect(join(maxTenants)).rejects.toMatchObject({ code: "queue_too_many_tenants", remedy: "exit" });
    await join(0);
    await registerTenant(connection, version, "default");
    // Seen within the hour it stays.
    await forgetTenant(connection, version, "tenant-1", 3_600);
    expect(await listTenants(connection, version)).toHaveLength(1 + maxTenants);
    await forgetTenant(connection, version, "tenant-1", -1);
    await join(maxTenants);
    const left = await listTenants(connection, version);
    expect(left).toContain(`tenant-${maxTenants}`);
    expect(left).not.toContain("tenant-1");
  });

  it("are none where what stands in Redis was written by nobody of ours", async () => {
    const connection = await connectRedis(redisAt(server.url), () => undefined);
    closers.push(() => connection.close());
    for (const name of ["a:b", "../x", "", "x".repeat(41), "-a", "a b", "default", "fine"]) {
      await connection.call("HSET", [connection.key("tenants", version), name, 1]);
    }
    expect(await listTenants(connection, version)).toEqual(["default", "fine"]);
  });
});

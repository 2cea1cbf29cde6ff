import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { QueueWorker } from "../../src/queue/queue-worker.ts";
import { connectRedis, type RedisConnection, type RedisSettings } from "../../src/queue/redis-connection.ts";
import { replyKey, sendReply } from "../../src/queue/reply.ts";
import { bitsOf } from "../contract/check-encoder.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { openProducer, openWorker, rankByHash, redisAt, textsOf } from "./queue-scene.ts";

const open = new AbortController().signal;

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function connectionTo(redis: RedisSettings): Promise<RedisConnection> {
  const connection = await connectRedis(redis, () => undefined);
  closers.push(() => connection.close());
  return connection;
}

/** Keys that would stay for ever. */
async function lastingKeys(connection: RedisConnection): Promise<string[]> {
  const [, keys] = Object(await connection.call("SCAN", [0, "MATCH", `${connection.prefix}:*`, "COUNT", 10_000]));
  const lasting: string[] = [];
  for (const key of keys) {
    if (Number(await connection.call("PTTL", [key])) === -1) lasting.push(String(key).slice(connection.prefix.length));
  }
  return lasting.sort();
}

describe("what the queue leaves in Redis", () => {
  it("is bounded or expires, after work, failures and a tenant that came and went", async () => {
    const redis = redisAt(server.url);
    const worker = await openWorker(redis, {
      encode: async (texts) => {
        if (texts.includes("bad --part 3")) throw new Error("cannot read that");
        return texts.map(rankByHash);
      },
    });
    for (const tenant of ["default", "guest"]) {
      const producer = await openProducer(redis, { tenant });
      await producer.encode([...textsOf("good", 200), ...textsOf("bad", 8)], open);
      const stop = new AbortController();
      const given = producer.encode(textsOf(`given up ${tenant}`, 300), stop.signal);
      await sleep(5);
      stop.abort(new Error("stop"));
      await given.catch(() => undefined);
      await producer.close();
    }
    const connection = await connectionTo(redis);
    // A few keys a queue, and two lists of bounded length.
    const known = /^:(dead|fleet|(live|backfill)-[^:]+:(meta|events|marker|id|pc))$/;
    const unknown = async () => (await lastingKeys(connection)).filter((key) => !known.test(key));
    // Until the worker has found the guest and what it gave up.
    await expect.poll(unknown, { timeout: 20_000, interval: 100 }).toEqual([]);
    await worker.close(2_000);
    expect(await unknown()).toEqual([]);
    const lasting = await lastingKeys(connection);
    expect(lasting).toContain(":dead");
    const events = lasting.filter((key) => key.endsWith(":events"));
    for (const key of events) {
      expect(Number(await connection.call("XLEN", [`${connection.prefix}${key}`]))).toBeLessThan(400);
    }
  }, 30_000);

  it("forgets a reply that nobody fetches", async () => {
    const connection = await connectionTo(redisAt(server.url));
    await sendReply(connection, "gone", { kind: "done", job: "1", values: [] });
    const leftMs = Number(await connection.call("PTTL", [replyKey(connection, "gone")]));
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(600_000);
  });
});

describe("a producer's bounds", () => {
  it("keep it to so many texts a second", async () => {
    const redis = redisAt(server.url);
    const worker = await openWorker(redis);
    closers.push(() => worker.close(1_000));
    const producer = await openProducer(redis, { maxTextsPerSec: 400 });
    closers.push(() => producer.close());
    const texts = textsOf("slow", 800);
    const start = performance.now();
    expect((await producer.encode(texts, open)).map(bitsOf)).toEqual(texts.map((text) => bitsOf(rankByHash(text))));
    const seconds = (performance.now() - start) / 1_000;
    expect(seconds).toBeGreaterThan(1.8);
    expect(seconds).toBeLessThan(15);
  }, 30_000);

  it("try a job that fails everywhere again after pauses that double", async () => {
    const redis = redisAt(server.url);
    // When each attempt began to ask, which asks several times.
    const triedMs = new Map<number, number>();
    const worker: QueueWorker = await openWorker(redis, {
      encode: () => {
        const attempt = worker.counters().jobs;
        if (!triedMs.has(attempt)) triedMs.set(attempt, performance.now());
        return Promise.reject(new Error("out of device memory"));
      },
    });
    closers.push(() => worker.close(1_000));
    const producer = await openProducer(redis, { attempts: 4 });
    closers.push(() => producer.close());
    await expect(producer.encode(["id"], open)).rejects.toMatchObject({ code: "queue_job_failed" });
    const starts = [...triedMs.values()];
    const pauses = starts.slice(1).map((ms, place) => ms - (starts[place] ?? 0));
    expect(pauses).toHaveLength(3);
    // From half to all of 0.5, 1 and 2 seconds, and what it takes to be taken again.
    for (const [place, ms] of pauses.entries()) {
      expect(ms).toBeGreaterThan(240 * 2 ** place);
      expect(ms).toBeLessThan(500 * 2 ** place + 3_000);
    }
  }, 30_000);
});

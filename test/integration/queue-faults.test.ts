import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { readFleet } from "../../src/queue/fleet.ts";
import { digestOf } from "../../src/queue/label-job.ts";
import { connectRedis, type RedisSettings } from "../../src/queue/redis-connection.ts";
import { bitsOf } from "../contract/check-encoder.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { forkWorker, openProducer, openWorker, rankByHash, redisAt, textsOf } from "./queue-scene.ts";

const open = new AbortController().signal;
const soon = { timeout: 20_000, interval: 20 };
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

async function producerOn(redis: RedisSettings, more: Parameters<typeof openProducer>[1] = {}) {
  const producer = await openProducer(redis, more);
  closers.push(() => producer.close());
  return producer;
}

async function workerOn(redis: RedisSettings, more: Parameters<typeof openWorker>[1] = {}) {
  const worker = await openWorker(redis, more);
  closers.push(() => worker.close(2_000));
  return worker;
}

async function processOn(settings: Parameters<typeof forkWorker>[0]): Promise<ChildProcess> {
  const child = await forkWorker(settings);
  closers.push(async () => child.kill("SIGKILL"));
  return child;
}

async function fleetOf(redis: RedisSettings) {
  const connection = await connectRedis(redis, () => undefined);
  try {
    return await readFleet(connection);
  } finally {
    await connection.close();
  }
}

/** Waits until jobs wait in the lines that are named, and nobody has taken one. */
async function untilWaiting(redis: RedisSettings, ...lines: readonly ("live" | "backfill")[]): Promise<void> {
  const waiting = async () => {
    const depth = (await fleetOf(redis)).queues[0]?.depth;
    if (depth === undefined || depth.active > 0) return [];
    return lines.filter((line) => (line === "live" ? depth.waiting : depth.waitingBackfill) > 0);
  };
  await expect.poll(waiting, soon).toEqual(lines);
}

/** Collects what is wrong. */
function troubles(): { readonly codes: Set<string>; readonly onTrouble: (error: TagsmithError) => void } {
  const codes = new Set<string>();
  return { codes, onTrouble: ({ code }) => codes.add(code) };
}

describe("texts that cannot be labelled", () => {
  it("are found among the others, which keep their labels", async () => {
    const redis = redisAt(server.url);
    const bad = new Set(["echo --part 3", "echo --part 40"]);
    await workerOn(redis, {
      encode: async (texts) => {
        if (texts.some((text) => bad.has(text))) throw new Error("cannot read that");
        return texts.map(rankByHash);
      },
    });
    const producer = await producerOn(redis);
    const texts = textsOf("echo", 64);
    const rankings = await producer.encode(texts, open);
    for (const [row, text] of texts.entries()) {
      expect(rankings[row]?.indices.length, text).toBe(bad.has(text) ? 0 : 5);
    }
    expect(producer.counters().failed).toBe(2);
    const { deadLetters } = await fleetOf(redis);
    expect(deadLetters.map(({ digest }) => digest).sort()).toEqual([...bad].map(digestOf).sort());
    expect(JSON.stringify(deadLetters)).not.toContain("echo");
  });

  it("are given up after they have killed several workers, and nothing else is", async () => {
    const redis = redisAt(server.url);
    const deadly = "boom --part 5";
    const settings = { redis, deadly, lockMs: 1_000 };
    let deaths = 0;
    let isOver = false;
    const keep = async (): Promise<void> => {
      const child = await forkWorker(settings, () => {
        deaths += 1;
        if (!isOver) void keep();
      });
      closers.push(async () => {
        isOver = true;
        child.kill("SIGKILL");
      });
    };
    await Promise.all([keep(), keep()]);
    const producer = await producerOn(redis);
    const texts = textsOf("boom", 32);
    const rankings = await producer.encode(texts, open);
    isOver = true;
    const failed = texts.filter((_, row) => rankings[row]?.indices.length === 0);
    expect(failed).toEqual([deadly]);
    expect(deaths).toBeGreaterThanOrEqual(3);
    const kept = texts.filter((text) => text !== deadly);
    expect(rankings.filter(({ indices }) => indices.length > 0).map(bitsOf)).toEqual(expected(kept));
    expect((await fleetOf(redis)).deadLetters.map(({ code }) => code)).toEqual(["queue_worker_died"]);
    // Asked again, it kills nobody any more.
    expect((await producer.encode([deadly], open))[0]?.indices.length).toBe(0);
  }, 60_000);

  it("are not blamed for a worker whose encoder is broken", async () => {
    const redis = redisAt(server.url);
    const broken = await workerOn(redis, {
      encode: () => Promise.reject(new Error("out of device memory")),
      concurrency: 1,
    });
    const producer = await producerOn(redis);
    const texts = textsOf("id", 20);
    const result = producer.encode(texts, open);
    await sleep(300);
    await broken.close(1_000);
    await workerOn(redis);
    expect((await result).map(bitsOf)).toEqual(expected(texts));
    expect(broken.counters().failed).toBe(0);
    expect((await fleetOf(redis)).deadLetters).toEqual([]);
  }, 30_000);

  it("end in an error when every worker fails on a job again and again, and the worker is told to end", async () => {
    const redis = redisAt(server.url);
    const reasons: Error[] = [];
    await workerOn(redis, {
      encode: () => Promise.reject(new Error("out of device memory")),
      onBroken: (error) => reasons.push(error),
    });
    const producer = await producerOn(redis, { batchTexts: 1, attempts: 2 });
    const result = producer.encode(textsOf("id", 12), open);
    await expect(result).rejects.toMatchObject({ code: "queue_job_failed", remedy: "exit" });
    await expect.poll(() => String(reasons[0]), soon).toContain("out of device memory");
  }, 30_000);
});

describe("workers that come and go", () => {
  it("lose nothing when they are killed, stopped and started at any time", async () => {
    const redis = redisAt(server.url);
    const settings = { redis, batchMs: 30, lockMs: 1_000 };
    const producer = await producerOn(redis, { cacheEntries: 0 });
    const texts = textsOf("tar", 3_000);
    const workers = [await processOn(settings), await processOn(settings)];
    const result = producer.encode(texts, open);
    for (const how of ["SIGKILL", "SIGTERM", "SIGKILL"] as const) {
      await sleep(150);
      workers.shift()?.kill(how);
      workers.push(await processOn(settings));
    }
    expect((await result).map(bitsOf)).toEqual(expected(texts));
    expect(producer.counters().failed).toBe(0);
  }, 60_000);

  it("are waited for, and that none is there is said", async () => {
    const redis = redisAt(server.url);
    const { codes, onTrouble } = troubles();
    const producer = await producerOn(redis, { onTrouble, watchMs: 50 });
    const result = producer.encode(["whoami"], open);
    await expect.poll(() => [...codes], soon).toEqual(["queue_without_workers"]);
    // A worker of another model is none.
    const other = await workerOn(redis, { version: "other@2 balanced 5" });
    await sleep(200);
    expect(other.counters().jobs).toBe(0);
    await workerOn(redis);
    expect((await result).map(bitsOf)).toEqual(expected(["whoami"]));
  });

  it("do not work for a producer that is gone", async () => {
    const redis = redisAt(server.url);
    const gone = await openProducer(redis);
    const stop = new AbortController();
    const asked = gone.encode(textsOf("gone", 16), stop.signal);
    await untilWaiting(redis, "live");
    stop.abort(new Error("stop"));
    await expect(asked).rejects.toThrow("stop");
    await gone.close();
    // Two minutes later.
    const worker = await workerOn(redis, { now: () => Date.now() + 120_000 });
    await expect.poll(() => worker.counters(), soon).toMatchObject({ jobs: 1, dropped: 1, texts: 0 });
  });
});

describe("machines whose clocks differ", () => {
  it("find each other and lose no job", async () => {
    const redis = redisAt(server.url);
    const { codes, onTrouble } = troubles();
    // Its clock is an hour ahead: each job looks old.
    const worker = await workerOn(redis, { now: () => Date.now() + 3_600_000 });
    const producer = await producerOn(redis, { onTrouble, watchMs: 50 });
    const texts = textsOf("clock", 200);
    expect((await producer.encode(texts, open)).map(bitsOf)).toEqual(expected(texts));
    await expect.poll(() => producer.standing(), soon).toMatchObject({ workers: 1, waiting: 0 });
    expect(worker.counters()).toMatchObject({ dropped: 0 });
    expect([...codes]).toEqual([]);
  });
});

describe("sharing", () => {
  it("encodes a text once for all producers, also when they ask at the same time", async () => {
    const redis = redisAt(server.url);
    const encoded: string[] = [];
    await workerOn(redis, {
      encode: async (texts) => {
        encoded.push(...texts);
        await sleep(50);
        return texts.map(rankByHash);
      },
    });
    const [one, two] = [await producerOn(redis), await producerOn(redis)];
    const texts = textsOf("same", 48);
    const results = await Promise.all([one.encode(texts, open), two.encode(texts, open)]);
    for (const rankings of results) expect(rankings.map(bitsOf)).toEqual(expected(texts));
    expect((await two.encode(texts, open)).map(bitsOf)).toEqual(expected(texts));
    expect(encoded.length).toBe(48);
    expect(two.counters().shared).toBeGreaterThanOrEqual(48);
  });

  it("does live work before a backfill's", async () => {
    const redis = redisAt(server.url);
    const order: string[] = [];
    const backfill = await producerOn(redis, { lane: "backfill" });
    const live = await producerOn(redis);
    const old = backfill.encode(textsOf("old", 320), open);
    const fresh = live.encode(textsOf("new", 16), open);
    await untilWaiting(redis, "live", "backfill");
    await workerOn(redis, {
      concurrency: 1,
      encode: async (texts) => {
        order.push(texts[0]?.slice(0, 3) ?? "");
        return texts.map(rankByHash);
      },
    });
    await Promise.all([old, fresh]);
    expect(order[0]).toBe("new");
    expect(order.length).toBeGreaterThanOrEqual(5);
  });

  it("keeps no more results than the cache may hold", async () => {
    const redis = redisAt(server.url);
    const cacheEntries = 100;
    await workerOn(redis, { cacheEntries });
    const producer = await producerOn(redis, { cacheEntries });
    for (let round = 0; round < 20; round += 1) await producer.encode(textsOf(`round ${round}`, 32), open);
    const connection = await connectRedis(redis, () => undefined);
    closers.push(() => connection.close());
    const sizes = ["young", "old"].map((name) =>
      connection.call("HLEN", [connection.key("cache", "test@1 balanced 5", name)]),
    );
    const total = (await Promise.all(sizes)).reduce((sum: number, size) => sum + Number(size), 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(cacheEntries + 2 * 64);
  });
});

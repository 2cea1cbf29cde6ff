import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { QueueEncoder } from "../../src/queue/queue-encoder.ts";
import type { Ranking } from "../../src/queue/ranking-text.ts";
import type { RedisSettings } from "../../src/queue/redis-connection.ts";
import { bitsOf } from "../contract/check-encoder.ts";
import { forkWorker, openProducer, rankByHash, redisAt, textsOf } from "../integration/queue-scene.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { startTcpProxy } from "../servers/tcp-proxy.ts";

/** Ten minutes: TAGSMITH_OUTAGE_SECS=600. */
const outageSecs = Number(process.env["TAGSMITH_OUTAGE_SECS"] ?? 60);
const pauseSecs = 60;
const open = new AbortController().signal;

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis({ config: ["appendonly yes"] });
});
afterAll(() => server?.stop());

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function workerOn(redis: RedisSettings, lockMs: number) {
  const child = await forkWorker({ redis, batchMs: 20, lockMs });
  closers.push(async () => child.kill("SIGKILL"));
  return child;
}

/** Asks for the texts in calls of 200, four at a time, as a pipeline does. */
async function encodeAll(producer: QueueEncoder, texts: readonly string[]): Promise<readonly Ranking[]> {
  const calls = Array.from({ length: Math.ceil(texts.length / 200) }, (_, n) => texts.slice(200 * n, 200 * n + 200));
  const results = new Map<number, readonly Ranking[]>();
  let next = 0;
  const take = async (): Promise<void> => {
    for (let call = next++; call < calls.length; call = next++) {
      results.set(call, await producer.encode(calls[call] ?? [], open));
    }
  };
  await Promise.all([take(), take(), take(), take()]);
  return calls.flatMap((_, call) => results.get(call) ?? []);
}

describe("a labelling queue in long trouble", () => {
  for (const how of ["cut", "silent"] as const) {
    it(`loses nothing, and keeps its memory, while Redis is ${how} for ${outageSecs} s`, async () => {
      const proxy = await startTcpProxy(server.port);
      closers.push(() => proxy.close());
      const redis = redisAt(`redis://127.0.0.1:${proxy.port}`);
      await workerOn(redis, 5_000);
      await workerOn(redis, 5_000);
      const codes = new Map<string, number>();
      const onTrouble = ({ code }: { readonly code: string }) => void codes.set(code, (codes.get(code) ?? 0) + 1);
      const producer = await openProducer(redis, { onTrouble, watchMs: 1_000, cacheEntries: 0, targetWaitMs: 60_000 });
      closers.push(() => producer.close());
      const texts = textsOf(`outage ${how}`, 20_000);
      const result = encodeAll(producer, texts);
      await sleep(1_000);
      if (how === "cut") proxy.cut();
      else proxy.silence();
      const before = process.memoryUsage.rss();
      await sleep(outageSecs * 1_000);
      const grown = (process.memoryUsage.rss() - before) / 1_048_576;
      const mendedMs = performance.now();
      proxy.mend();
      expect((await result).map(bitsOf)).toEqual(texts.map((text) => bitsOf(rankByHash(text))));
      const recoverySecs = (performance.now() - mendedMs) / 1_000;
      process.stdout.write(`${JSON.stringify({ how, outageSecs, recoverySecs, grownMb: grown, codes: [...codes] })}\n`);
      expect(producer.counters().failed).toBe(0);
      expect(codes.has("queue_redis_unreachable")).toBe(true);
      expect(grown).toBeLessThan(100);
    }, 1_200_000);
  }

  it(`gives the jobs of a worker that is paused for ${pauseSecs} s to others, and takes each answer once`, async () => {
    const redis = redisAt(server.url);
    const paused = await workerOn(redis, 10_000);
    const producer = await openProducer(redis, { cacheEntries: 0, targetWaitMs: 60_000 });
    closers.push(() => producer.close());
    const texts = textsOf("pause", 6_000);
    const result = encodeAll(producer, texts);
    await sleep(500);
    paused.kill("SIGSTOP");
    const pausedMs = performance.now();
    await workerOn(redis, 10_000);
    let doneSecs = 0;
    void result.then(() => {
      doneSecs = (performance.now() - pausedMs) / 1_000;
    });
    await sleep(pauseSecs * 1_000);
    expect(doneSecs).toBeGreaterThan(0);
    paused.kill("SIGCONT");
    // It answers late, and then takes jobs again.
    const more = textsOf("after the pause", 2_000);
    expect((await result).map(bitsOf)).toEqual(texts.map((text) => bitsOf(rankByHash(text))));
    expect((await encodeAll(producer, more)).map(bitsOf)).toEqual(more.map((text) => bitsOf(rankByHash(text))));
    process.stdout.write(`${JSON.stringify({ pauseSecs, doneSecs })}\n`);
    expect(producer.counters().failed).toBe(0);
  }, 300_000);
});

// What the queue itself costs: node bench/queue.ts [redis-url]. Without a URL it starts a redis-server from PATH.
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "../test/servers/start-redis.ts";
import { endWorkers, gpuBatch, gpuMs, openProducer, serverUse, settingsAt, startWorkers } from "./queue-scene.ts";

function cpuOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("message", (us) => resolve(Number(us)));
    child.send("cpu");
  });
}

/** Bytes in Redis for a text that waits, and for a result that is shared. */
async function measureMemory(url: string) {
  const redis = settingsAt(url);
  const producer = await openProducer(redis, 256);
  const before = await serverUse(url);
  // What a producer puts into the queue before the first answer.
  const texts = 8 * 256;
  const done = producer.encode(textsOf(texts), new AbortController().signal);
  await sleep(2_000);
  const full = await serverUse(url);
  const children = await startWorkers(redis, 1, 0);
  await done;
  await producer.close();
  await endWorkers(children);
  const after = await serverUse(url);
  return {
    waitingBytes: (full.memoryBytes - before.memoryBytes) / texts,
    sharedBytes: (after.memoryBytes - before.memoryBytes) / texts,
  };
}

function textsOf(count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => `/usr/bin/python3 /srv/app/${n}/main.py --config /etc/app/${n % 97}.yaml`,
  );
}

/** Milliseconds that live texts wait while a backfill takes all that is left: live work is half of what workers can do. */
async function measureLive(url: string, workers: number, seconds: number) {
  const redis = settingsAt(url);
  const children = await startWorkers(redis, workers, gpuMs);
  const [live, backfill] = [
    await openProducer(redis, gpuBatch),
    await openProducer(redis, gpuBatch, { lane: "backfill" }),
  ];
  const stop = new AbortController();
  let old = 0;
  const filling = Array.from({ length: 8 }, async (_, lane) => {
    for (let round = 0; !stop.signal.aborted; round += 1) {
      const texts = Array.from({ length: 8 * gpuBatch }, (__, n) => `old ${lane} ${round} ${n}`);
      await backfill.encode(texts, stop.signal).then(
        () => (old += texts.length),
        () => undefined,
      );
    }
  });
  await sleep(1_000);
  const callTexts = 32;
  const callsPerSec = (workers * gpuBatch * 1_000) / gpuMs / 2 / callTexts;
  const waits: number[] = [];
  const calls: Promise<unknown>[] = [];
  const start = performance.now();
  for (let call = 0; call < callsPerSec * seconds; call += 1) {
    await sleep(Math.max(0, start + (1_000 * call) / callsPerSec - performance.now()));
    const from = performance.now();
    const texts = Array.from({ length: callTexts }, (_, n) => `new ${call} ${n}`);
    calls.push(live.encode(texts, stop.signal).then(() => waits.push(performance.now() - from)));
  }
  await Promise.all(calls);
  const total = (performance.now() - start) / 1_000;
  stop.abort();
  await Promise.all(filling);
  await Promise.all([live.close(), backfill.close()]);
  await endWorkers(children);
  waits.sort((x, y) => x - y);
  const at = (share: number): number => Math.round(waits[Math.floor(share * (waits.length - 1))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), perSec: (callTexts * waits.length) / total, oldPerSec: old / total };
}

/** Texts a second through `workers` processes, all texts new. */
async function measure(url: string, workers: number, texts: number, batchMs: number) {
  const redis = settingsAt(url);
  const children = await startWorkers(redis, workers, batchMs);
  const batchTexts = batchMs > 0 ? gpuBatch : 256;
  const producer = await openProducer(redis, batchTexts);
  const signal = new AbortController().signal;
  const all = textsOf(texts);
  const before = await serverUse(url);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const lanes = Math.max(16, 4 * workers);
  const calls = Array.from({ length: lanes }, async (_, lane) => {
    const step = lanes * batchTexts;
    for (let from = lane * batchTexts; from < texts; from += step)
      await producer.encode(all.slice(from, from + batchTexts), signal);
  });
  await Promise.all(calls);
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  const producerUs = (used.user + used.system) / texts;
  const after = await serverUse(url);
  const redisUs = (after.cpuUs - before.cpuUs) / texts;
  const netBytes = (after.netBytes - before.netBytes) / texts;
  const workerUs = (await Promise.all(children.map(cpuOf))).reduce((sum, us) => sum + us, 0) / texts;
  await producer.close();
  await endWorkers(children);
  return { perSec: texts / seconds, producerUs, workerUs, redisUs, netBytes };
}

const given = process.argv[2];
const server = given === undefined ? await startRedis() : undefined;
const url = given ?? server?.url ?? "";
await measure(url, 1, 20_000, 0);
for (const workers of [1, 2]) {
  const { perSec, producerUs, workerUs, redisUs, netBytes } = await measure(url, workers, 1_000_000, 0);
  const cpu = `producer ${producerUs.toFixed(2)}, worker ${workerUs.toFixed(2)}, redis ${redisUs.toFixed(2)} us of CPU and ${Math.round(netBytes)} bytes on the wire a text`;
  const quiet = Math.round(2e6 / (producerUs + workerUs + redisUs));
  console.log(
    `no-op encoder, ${workers} worker(s): ${Math.round(perSec)} texts/s; ${cpu}: two idle cores do ${quiet}/s`,
  );
}
let one = 0;
for (const workers of [1, 2, 4, 8]) {
  const { perSec } = await measure(url, workers, 100 * gpuBatch * workers, gpuMs);
  if (workers === 1) one = perSec;
  console.log(
    `${gpuMs} ms a batch of ${gpuBatch}, ${workers} worker(s): ${Math.round(perSec)} texts/s, ${(perSec / one).toFixed(2)}x`,
  );
}
const { p50, p99, perSec, oldPerSec } = await measureLive(url, 2, 8);
console.log(
  `live ${Math.round(perSec)} texts/s beside a backfill of ${Math.round(oldPerSec)}/s, 2 workers: p50 ${p50} ms, p99 ${p99} ms`,
);
const { waitingBytes, sharedBytes } = await measureMemory(url);
console.log(`Redis holds ${Math.round(waitingBytes)} bytes a waiting text, ${Math.round(sharedBytes)} a shared result`);
await server?.stop();

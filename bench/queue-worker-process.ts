// A labelling worker for measurements: queue-worker-process.ts SETTINGS MS, where a batch takes so many milliseconds.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createQueueWorker } from "../src/queue/queue-worker.ts";
import type { Ranking } from "../src/queue/ranking-text.ts";
import type { RedisSettings } from "../src/queue/redis-connection.ts";
import { gpuBatch, topK, version } from "./queue-scene.ts";

const ranking: Ranking = { indices: new Uint16Array(topK), scores: new Float32Array(topK).fill(0.5) };

async function runWorker(redis: RedisSettings, batchMs: number): Promise<void> {
  const worker = await createQueueWorker({
    redis,
    version,
    topK,
    encode: async (texts) => {
      if (batchMs > 0) await sleep(batchMs);
      return texts.map(() => ranking);
    },
    devices: () => [],
    concurrency: batchMs > 0 ? 24 : 8,
    batchTexts: batchMs > 0 ? gpuBatch : 2_048,
    batchChars: 1 << 20,
    batchesInFlight: 1,
    cacheEntries: 1_000_000,
    lockMs: 30_000,
    onBroken: () => undefined,
    onTrouble: ({ message }) => process.stderr.write(`worker: ${message}\n`),
    now: () => Date.now(),
    id: randomUUID(),
  });
  process.once("SIGTERM", () => void worker.close(5_000).then(() => process.exit(0)));
  const started = process.cpuUsage();
  process.on("message", () => {
    const { user, system } = process.cpuUsage(started);
    process.send?.(user + system);
  });
  process.send?.("ready");
}

const [settings = "", batchMs] = process.argv.slice(2);
await runWorker(JSON.parse(settings), Number(batchMs));

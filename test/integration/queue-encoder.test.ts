import { afterAll, beforeAll, describe } from "vitest";
import { checkEncoder } from "../contract/check-encoder.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { openProducer, openWorker, rankByHash, redisAt } from "./queue-scene.ts";

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

describe("an encoder behind the queue", () => {
  checkEncoder({
    create: async () => {
      const redis = redisAt(server.url);
      const worker = await openWorker(redis);
      return { open: () => openProducer(redis), dispose: () => worker.close(5_000) };
    },
    rank: async (texts) => texts.map(rankByHash),
    texts: Array.from({ length: 64 }, (_, n) => `cat /srv/data/${n}`),
  });
});

import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import type { Encoder } from "../../src/label/encoder.ts";
import { loadArtifact } from "../../src/label/load-artifact.ts";
import { createOnnxEncoder } from "../../src/label/onnx-encoder.ts";
import { checkEncoder } from "../contract/check-encoder.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { openProducer, openWorker, rankByHash, redisAt } from "./queue-scene.ts";

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

const root = join(import.meta.dirname, "../..");
const texts = Array.from({ length: 64 }, (_, n) => `cat /srv/data/${n}`);

/** The bundled model's first stage. */
async function openModel(): Promise<Encoder> {
  const artifact = await loadArtifact(
    join(root, "models/tagsmith-small"),
    loadVocabulary(join(root, "schema/tags.json")),
  );
  return createOnnxEncoder({ artifact, topK: 5, tier: "fast", workers: 1 });
}

describe("an encoder behind the queue", () => {
  checkEncoder({
    create: async () => {
      const redis = redisAt(server.url);
      const worker = await openWorker(redis);
      return { open: () => openProducer(redis), dispose: () => worker.close(5_000) };
    },
    rank: async (texts) => texts.map(rankByHash),
    texts,
  });
});

describe("an encoder in this process, and the same one behind the queue", () => {
  let model: Encoder;
  beforeAll(async () => {
    model = await openModel();
  });
  afterAll(() => model?.close());
  const rank = (some: readonly string[]) => model.encode(some, new AbortController().signal);

  checkEncoder({ create: async () => ({ open: openModel, dispose: async () => undefined }), rank, texts });
  checkEncoder({
    create: async () => {
      const redis = redisAt(server.url);
      const worker = await openWorker(redis, { encode: rank });
      const prepare = (text: string): string => model.prepare(text);
      return { open: () => openProducer(redis, { prepare }), dispose: () => worker.close(5_000) };
    },
    rank,
    texts,
  });
});

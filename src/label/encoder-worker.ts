import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { EncoderSettings } from "./load-artifact.ts";
import { guardNativeCall, type NativeGuardBuffer } from "./native-guard.ts";
import { planBatches } from "./plan-batches.ts";
import { type Graph, loadGraph } from "./run-graph.ts";
import { createTextTokenizer, type TextTokenizer } from "./text-tokenizer.ts";
import type { WorkerReply, WorkerRequest } from "./worker-pool.ts";

/** What an encoder worker is started with. */
export interface EncoderWorkerData {
  readonly encoder: EncoderSettings;
  readonly threads: number;
  readonly topK: number;
  readonly tagCount: number;
  readonly maxBatchTokens: number;
  readonly guard: NativeGuardBuffer;
}

/** Prepared texts to rank. */
export interface EncodeRequest {
  readonly texts: readonly string[];
}

/** `topK` scores and tag positions a text, text after text, and what it took. */
export interface EncodeResult {
  readonly scores: Float32Array<ArrayBuffer>;
  readonly indices: Uint16Array<ArrayBuffer>;
  readonly batches: number;
  readonly tokens: number;
  readonly paddedTokens: number;
}

const settings: EncoderWorkerData = workerData;
const port = parentPort;
if (port === null) throw new Error("this module is a worker's");

const reply = (message: WorkerReply<EncodeResult>, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const tokenizer = await loadTokenizer();
  const graph = await guardNativeCall(settings.guard, () => loadGraph(settings.encoder, settings.threads));
  // One after the other: a `close` that comes while a request waits for the graph must not release it.
  let last = Promise.resolve();
  port.on("message", (message: WorkerRequest<EncodeRequest>) => {
    last = last.then(() => answer(message, tokenizer, graph));
  });
  reply({ kind: "ready" });
} catch (error) {
  reply({ kind: "unusable", reason: `${settings.encoder.graph}: ${String(error)}` });
}

async function answer(message: WorkerRequest<EncodeRequest>, tokenizer: TextTokenizer, graph: Graph): Promise<void> {
  if (message.kind === "close") {
    port?.close();
    await guardNativeCall(settings.guard, () => graph.release());
    return;
  }
  try {
    const result = await encodeTexts(message.request.texts, tokenizer, graph);
    reply({ kind: "done", result }, [result.scores.buffer, result.indices.buffer]);
  } catch (error) {
    reply({ kind: "failed", reason: String(error) });
  }
}

async function encodeTexts(texts: readonly string[], tokenizer: TextTokenizer, graph: Graph): Promise<EncodeResult> {
  const { topK, tagCount, maxBatchTokens, guard } = settings;
  const rows = texts.map((text) => tokenizer.tokenize(text));
  const counts = rows.map((row) => row.length);
  const scores = new Float32Array(texts.length * topK);
  const indices = new Uint16Array(texts.length * topK);
  const batches = planBatches(counts, settings.encoder.lengthBuckets, maxBatchTokens);
  for (const batch of batches) {
    const padded = { length: batch.length, rows: batch.rows.map((row) => rows[row] ?? []) };
    const ranked = await guardNativeCall(guard, () => graph.run(padded, topK));
    if (ranked.indices.some((index) => index < 0 || index >= tagCount)) throw new Error("a tag position out of range");
    for (const [place, row] of batch.rows.entries()) {
      scores.set(ranked.scores.subarray(place * topK, (place + 1) * topK), row * topK);
      indices.set(ranked.indices.subarray(place * topK, (place + 1) * topK), row * topK);
    }
  }
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const paddedTokens = batches.reduce((sum, batch) => sum + batch.length * batch.rows.length, 0);
  return { scores, indices, batches: batches.length, tokens, paddedTokens };
}

async function loadTokenizer(): Promise<TextTokenizer> {
  const { encoder } = settings;
  return createTextTokenizer({
    tokenizer: JSON.parse(await readFile(encoder.tokenizer, "utf8")),
    tokenizerConfig: JSON.parse(await readFile(encoder.tokenizerConfig, "utf8")),
    queryPrefix: encoder.queryPrefix,
    maxTokens: encoder.maxTokens,
  });
}

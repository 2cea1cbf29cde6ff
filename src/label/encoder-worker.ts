import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { Device } from "./device.ts";
import type { FirstStage } from "./first-stage.ts";
import type { EncoderSettings } from "./load-artifact.ts";
import { guardNativeCall, type NativeGuardBuffer } from "./native-guard.ts";
import { plainView } from "./plain-view.ts";
import { planBatches } from "./plan-batches.ts";
import type { Graph } from "./run-graph.ts";
import { createTextTokenizer, type TextTokenizer } from "./text-tokenizer.ts";
import type { WorkerReply, WorkerRequest } from "./worker-pool.ts";

/** What an encoder worker is started with. */
export interface EncoderWorkerData {
  readonly encoder: EncoderSettings;
  readonly threads: number;
  readonly device: Device;
  readonly topK: number;
  readonly tagCount: number;
  readonly maxBatchTokens: number;
  readonly guard: NativeGuardBuffer;
}

/** Prepared texts to rank, by the quick first stage alone or by the whole model. */
export interface EncodeRequest {
  readonly texts: readonly string[];
  readonly stage: "first" | "whole";
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
  const model = await loadModel();
  // One after the other: a `close` that comes while a request waits for the graph must not release it.
  let last = Promise.resolve();
  port.on("message", (message: WorkerRequest<EncodeRequest>) => {
    last = last.then(() => answer(message, model));
  });
  reply({ kind: "ready" });
} catch (error) {
  reply({ kind: "unusable", reason: `${settings.encoder.graph}: ${String(error)}` });
}

interface Model {
  readonly tokenizer: TextTokenizer;
  readonly graph: Graph;
  readonly first?: FirstStage;
}

async function loadModel(): Promise<Model> {
  const { encoder, threads, device, guard } = settings;
  const { firstStage } = encoder;
  const tokenizer = await loadTokenizer();
  const { loadGraph, loadFirstStage } = await guardNativeCall(guard, loadRuntime);
  const graph = await guardNativeCall(guard, () => loadGraph(encoder, threads, device));
  if (firstStage === undefined) return { tokenizer, graph };
  return { tokenizer, graph, first: await guardNativeCall(guard, () => loadFirstStage(firstStage, threads)) };
}

/** What brings in the ONNX runtime's binding: already its loading must not be ended halfway. */
async function loadRuntime() {
  const [{ loadGraph }, { loadFirstStage }] = await Promise.all([import("./run-graph.ts"), import("./first-stage.ts")]);
  return { loadGraph, loadFirstStage };
}

async function answer(message: WorkerRequest<EncodeRequest>, model: Model): Promise<void> {
  if (message.kind === "close") {
    port?.close();
    await guardNativeCall(settings.guard, () => model.graph.release());
    await guardNativeCall(settings.guard, async () => model.first?.release());
    return;
  }
  try {
    const { texts, stage } = message.request;
    const result = await (stage === "first" ? askFirstStage(texts, model) : encodeTexts(texts, model));
    reply({ kind: "done", result }, [result.scores.buffer, result.indices.buffer]);
  } catch (error) {
    reply({ kind: "failed", reason: String(error) });
  }
}

async function askFirstStage(texts: readonly string[], { first }: Model): Promise<EncodeResult> {
  if (first === undefined) throw new Error("the artifact has no first stage");
  const { topK, guard } = settings;
  const ranked = await guardNativeCall(guard, () => first.run(texts.map(plainView), topK));
  checkTags(ranked.indices);
  const scores = Float32Array.from(ranked.scores);
  return { scores, indices: Uint16Array.from(ranked.indices), batches: 0, tokens: 0, paddedTokens: 0 };
}

async function encodeTexts(texts: readonly string[], model: Model): Promise<EncodeResult> {
  const { topK, maxBatchTokens, guard } = settings;
  const views = settings.encoder.view === "plain" ? texts.map(plainView) : texts;
  const rows = views.map((view) => model.tokenizer.tokenize(view));
  const counts = rows.map((row) => row.length);
  const scores = new Float32Array(texts.length * topK);
  const indices = new Uint16Array(texts.length * topK);
  const batches = planBatches(counts, settings.encoder.lengthBuckets, maxBatchTokens);
  for (const batch of batches) {
    const ranked = await guardNativeCall(guard, async () => {
      const first = await firstScores(batch.rows, views, model);
      return model.graph.run({ length: batch.length, rows: batch.rows.map((row) => rows[row] ?? []), ...first }, topK);
    });
    checkTags(ranked.indices);
    for (const [place, row] of batch.rows.entries()) {
      scores.set(ranked.scores.subarray(place * topK, (place + 1) * topK), row * topK);
      indices.set(ranked.indices.subarray(place * topK, (place + 1) * topK), row * topK);
    }
  }
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const paddedTokens = batches.reduce((sum, batch) => sum + batch.length * batch.rows.length, 0);
  return { scores, indices, batches: batches.length, tokens, paddedTokens };
}

async function firstScores(
  rows: readonly number[],
  views: readonly string[],
  { first }: Model,
): Promise<{ readonly first?: Float32Array }> {
  if (first === undefined) return {};
  const { raw } = await first.run(
    rows.map((row) => views[row] ?? ""),
    1,
  );
  return { first: raw };
}

function checkTags(indices: Int32Array): void {
  const { tagCount } = settings;
  if (indices.some((index) => index < 0 || index >= tagCount)) throw new Error("a tag position out of range");
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

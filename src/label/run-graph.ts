import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Device } from "./device.ts";
import type { EncoderSettings } from "./load-artifact.ts";

/** Texts of one padded length. */
interface TokenBatch {
  /** Padded length in tokens. */
  readonly length: number;
  /** Token ids of each text, at most `length`; not empty. */
  readonly rows: readonly (readonly number[])[];
  /** What the first stage thinks of every tag, row after row, where the artifact has one. */
  readonly first?: Float32Array;
}

/** The k best of each row of a batch, row after row. */
export interface GraphResult {
  readonly scores: Float32Array;
  readonly indices: Int32Array;
}

/** A loaded graph. `run` blocks the thread while it computes. */
export interface Graph {
  run(batch: TokenBatch, k: number): Promise<GraphResult>;
  release(): Promise<void>;
}

/** Loads the artifact's graph; throws what the runtime throws on a graph that it cannot load. */
export async function loadGraph(settings: EncoderSettings, threads: number, device: Device): Promise<Graph> {
  const session = await InferenceSession.create(settings.graph, sessionOptions(threads, device));
  const { inputs, outputs } = settings;
  const { first } = inputs;
  const names = [inputs.ids, inputs.mask, inputs.k];
  checkNames("input", session.inputNames, first === undefined ? names : [...names, first]);
  checkNames("output", session.outputNames, [outputs.scores, outputs.indices]);
  return {
    async run(batch, k) {
      const { ids, mask } = fillTensors(batch);
      const shape = [batch.rows.length, batch.length];
      const values = await session.run({
        [inputs.ids]: new Tensor("int64", ids, shape),
        [inputs.mask]: new Tensor("int64", mask, shape),
        [inputs.k]: new Tensor("int64", BigInt64Array.of(BigInt(k)), [1]),
        ...(first === undefined ? {} : { [first]: firstTensor(batch) }),
      });
      return readResult(values[outputs.scores]?.data, values[outputs.indices]?.data, batch.rows.length * k);
    },
    release: () => session.release(),
  };
}

/** How every graph of an artifact runs. */
export function sessionOptions(threads: number, device: Device): InferenceSession.SessionOptions {
  return {
    executionProviders: [providerOf(device)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // Batches of many shapes: a plan for each would only cost memory.
    enableMemPattern: false,
    // A waiting thread that spins takes the core from the other threads of this process.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    logSeverityLevel: 3,
  };
}

function providerOf({ provider, number }: Device): InferenceSession.ExecutionProviderConfig {
  switch (provider) {
    case "cpu":
    case "coreml":
      return provider;
    case "cuda":
      return { name: provider, deviceId: number };
    case "dml":
      return { name: provider, deviceId: number };
  }
}

function firstTensor({ rows, first }: TokenBatch): Tensor {
  if (first === undefined) throw new Error("the graph wants the first stage's scores");
  return new Tensor("float32", first, [rows.length, first.length / rows.length]);
}

/** Throws when the graph lacks one of the names that the manifest gives. */
export function checkNames(kind: string, found: readonly string[], wanted: readonly string[]): void {
  const absent = wanted.find((name) => !found.includes(name));
  if (absent !== undefined) throw new Error(`the graph has no ${kind} ${absent}, only ${found.join(", ")}`);
}

/** Lays the ids out as the graph wants them. */
function fillTensors({ rows, length }: TokenBatch): { ids: BigInt64Array; mask: BigInt64Array } {
  const ids = new BigInt64Array(rows.length * length);
  const mask = new BigInt64Array(rows.length * length);
  // Low words of little-endian int64, the only order that the runtime is built for; sparing a BigInt for each token.
  const idWords = new Int32Array(ids.buffer);
  const maskWords = new Int32Array(mask.buffer);
  for (const [row, tokens] of rows.entries()) {
    for (const [column, id] of tokens.entries()) {
      const word = 2 * (row * length + column);
      idWords[word] = id;
      maskWords[word] = 1;
    }
  }
  return { ids, mask };
}

/** Checks a graph's outputs, and gives positions as numbers. */
export function readResult(scores: unknown, indices: unknown, count: number): GraphResult {
  const fits = scores instanceof Float32Array && indices instanceof BigInt64Array;
  if (!fits || scores.length < count || indices.length < count) {
    throw new Error("the graph's outputs are not float32 scores and int64 indices of k columns");
  }
  const words = new Int32Array(indices.buffer, indices.byteOffset, 2 * count);
  return {
    scores: scores.subarray(0, count),
    indices: Int32Array.from({ length: count }, (_, at) => words[2 * at] ?? 0),
  };
}

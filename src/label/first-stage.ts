import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { processor } from "./device.ts";
import { fillBags, splitTables } from "./feature-bags.ts";
import type { FirstStageSettings } from "./load-artifact.ts";
import { checkNames, type GraphResult, readResult, sessionOptions } from "./run-graph.ts";

/** Rankings of the first stage, and what it thinks of every tag, row after row, before calibration. */
interface FirstResult extends GraphResult {
  readonly raw: Float32Array;
}

/** A scorer of hashed features: a few microseconds a text, for what is easy to tell. */
export interface FirstStage {
  /** `views` as src/label/plain-view.ts gives them; blocks the thread while it computes. */
  run(views: readonly string[], k: number): Promise<FirstResult>;
  release(): Promise<void>;
}

/** Loads table and graph, which is too small for any device but the processor; throws what the runtime throws on a graph that it cannot load. */
export async function loadFirstStage(settings: FirstStageSettings, threads: number): Promise<FirstStage> {
  const { wordBits, gramBits, dimensions, inputs, outputs } = settings;
  const tables = splitTables(await readFile(settings.table), wordBits, gramBits, dimensions);
  const session = await InferenceSession.create(settings.graph, sessionOptions(threads, processor));
  checkNames("input", session.inputNames, [inputs.bags, inputs.k]);
  checkNames("output", session.outputNames, [outputs.scores, outputs.indices, outputs.raw]);
  return {
    async run(views, k) {
      const bags = fillBags(views, tables);
      const values = await session.run({
        [inputs.bags]: new Tensor("float32", bags, [views.length, 2 * dimensions]),
        [inputs.k]: new Tensor("int64", BigInt64Array.of(BigInt(k)), [1]),
      });
      const ranked = readResult(values[outputs.scores]?.data, values[outputs.indices]?.data, views.length * k);
      const raw = values[outputs.raw]?.data;
      if (!(raw instanceof Float32Array)) throw new Error("the first stage's graph has no float32 scores of all tags");
      return { ...ranked, raw };
    },
    release: () => session.release(),
  };
}

// A pipeline whose labels follow from a text's hash, alone or as a node of a cluster. Arguments: the configuration, and
// the milliseconds that a batch takes.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import { fileConnector } from "../../connectors/file/connector.ts";
import { openSearchConnector } from "../../connectors/opensearch/connector.ts";
import { observeRun } from "../../src/cli/observe-run.ts";
import { openCluster } from "../../src/cli/open-cluster.ts";
import type { OpenLabeller } from "../../src/cli/open-labeller.ts";
import { openPipeline } from "../../src/cli/open-pipeline.ts";
import { bundled } from "../../src/cli/paths.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import { createLabelCache } from "../../src/label/label-cache.ts";
import { createLabeller } from "../../src/label/labeller.ts";
import { loadArtifact } from "../../src/label/load-artifact.ts";

const [file = "", batchMs = "0"] = process.argv.slice(2);

/** Every tag has its day; scores are such that some are selected. */
async function openLabels(): Promise<{ readonly opened: OpenLabeller; readonly queue: undefined }> {
  const vocabulary = loadVocabulary(bundled.vocabulary());
  const artifact = await loadArtifact(bundled.model(), vocabulary);
  const cache = createLabelCache({ maxBytes: 1 });
  const { min_score, max_tags, multi_label_gap } = vocabulary.selection;
  const rank = (text: string) => {
    const bytes = createHash("sha256").update(text).digest();
    const [first, step] = [bytes.readUInt16LE(0), 1 + ((bytes[2] ?? 0) % 72)];
    const indices = Uint16Array.from({ length: 5 }, (_, place) => (first + place * step) % 361);
    const scores = Float32Array.from({ length: 5 }, (_, place) => (bytes[12 + place] ?? 0) / 256)
      .sort()
      .reverse();
    return { indices, scores };
  };
  const encoder = {
    topK: 5,
    prepare: (text: string) => text,
    encode: async (texts: readonly string[]) => {
      await sleep(Number(batchMs));
      return texts.map(rank);
    },
    counters: () => ({ texts: 0, batches: 0, retries: 0, unsure: 0, tokens: 0, paddedTokens: 0, queued: 0 }),
    close: async () => undefined,
  };
  const selection = { minScore: min_score, maxTags: max_tags, multiLabelGap: multi_label_gap };
  const labeller = createLabeller({ encoder, cache, tags: artifact.tags, selection });
  return { opened: { vocabulary, artifact, labeller, encoder, cache, close: async () => undefined }, queue: undefined };
}

const config = loadConfig(file);
const registry = new Map(
  [fileConnector, elasticsearchConnector, openSearchConnector].map((connector) => [connector.name, connector]),
);
const observer = observeRun({ out: process.stdout, err: process.stderr, now: () => performance.now() }, true);
const pipeline = await (config.cluster === undefined
  ? openPipeline(config, registry, observer, openLabels)
  : openCluster(config, config.cluster, registry, observer, openLabels));
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
process.send?.("ready");
await pipeline.run(stop.signal);
await pipeline.close();
process.exit(0);

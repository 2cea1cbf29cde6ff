import { loadVocabulary, type Vocabulary } from "../event/vocabulary.ts";
import type { Encoder } from "../label/encoder.ts";
import { createLabelCache, type LabelCache } from "../label/label-cache.ts";
import { createLabeller, type Labeller } from "../label/labeller.ts";
import { type Artifact, loadArtifact } from "../label/load-artifact.ts";
import { createOnnxEncoder, type OnnxEncoder, type OnnxEncoderSettings, type Tier } from "../label/onnx-encoder.ts";
import { bundled } from "./paths.ts";

/** A labeller with what it stands on; `close` frees the encoder's threads. */
export interface OpenLabeller {
  readonly vocabulary: Vocabulary;
  readonly artifact: Artifact;
  readonly labeller: Labeller;
  readonly encoder: Encoder;
  readonly cache: LabelCache;
  close(): Promise<void>;
}

interface LabelSettings {
  readonly modelPath?: string | undefined;
  readonly topK: number;
  readonly tier?: Tier | undefined;
  readonly cacheMaxBytes: number;
  readonly workers?: number | undefined;
  readonly threads?: number | undefined;
  /** Absent: the encoder runs in this process. */
  readonly openEncoder?: ((artifact: Artifact) => Promise<Encoder>) | undefined;
}

/** Loads the artifact (the bundled one by default) and starts its encoder. Throws `artifact_*` and `encoder_*` errors. */
export async function openLabeller(settings: LabelSettings): Promise<OpenLabeller> {
  const vocabulary = loadVocabulary(bundled.vocabulary());
  const artifact = await loadArtifact(settings.modelPath ?? bundled.model(), vocabulary);
  const encoder = await (settings.openEncoder?.(artifact) ?? openEncoder(artifact, settings));
  const cache = createLabelCache({ maxBytes: settings.cacheMaxBytes });
  const { min_score, max_tags, multi_label_gap } = vocabulary.selection;
  const selection = { minScore: min_score, maxTags: max_tags, multiLabelGap: multi_label_gap };
  const labeller = createLabeller({ encoder, cache, tags: artifact.tags, selection });
  return { vocabulary, artifact, labeller, encoder, cache, close: () => encoder.close() };
}

/** Starts the encoder of this process. Throws `encoder_start_failed`. */
export function openEncoder(
  artifact: Artifact,
  { topK, tier, workers, threads }: Pick<LabelSettings, "topK" | "tier" | "workers" | "threads">,
  devices: Pick<OnnxEncoderSettings, "devices" | "onDeviceLost"> = {},
): Promise<OnnxEncoder> {
  return createOnnxEncoder({
    artifact,
    topK,
    ...(tier === undefined ? {} : { tier }),
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threads }),
    ...devices,
  });
}

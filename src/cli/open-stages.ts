import type { Config } from "../config/config-schema.ts";
import { builtInReaders } from "../normalize/built-in-readers.ts";
import { compileOnce } from "../normalize/compile-once.ts";
import { createNormalizer } from "../normalize/create-normalizer.ts";
import { createFieldPlanner, type FieldPlanner } from "../normalize/field-planner.ts";
import { loadMappingSet } from "../normalize/load-mapping-set.ts";
import { mappingsOf } from "../normalize/load-mappings.ts";
import { compileRedactor } from "../normalize/redact/redact-text.ts";
import { loadRedactionRules } from "../normalize/redact/redaction-rules.ts";
import { createReloadableNormalizer, type ReloadableNormalizer } from "../normalize/reloadable-normalizer.ts";
import { createRedaction, noRedaction, type Redaction } from "../pipeline/redaction.ts";
import type { FieldPlan } from "../sdk/connector.ts";
import type { RunObserver } from "./observe-run.ts";
import { type OpenLabeller, openLabeller } from "./open-labeller.ts";
import { mappingSources } from "./open-mappings.ts";
import { createQueueOpener, type QueueOpener } from "./open-queue-encoder.ts";
import { bundled } from "./paths.ts";

/** How often a live source is asked for idle sessions, and how long what was read may take to be written after a stop. */
export const tickMs = 5_000;
export const stopWithinMs = 20_000;

/** The labeller of a configuration, in this process or behind the queue. Throws `artifact_*`, `encoder_*`, `queue_*`. */
export async function openStages(
  config: Config,
  isLive: boolean,
  onWait: RunObserver["onWait"],
): Promise<{ readonly opened: OpenLabeller; readonly queue: QueueOpener | undefined }> {
  const queue = createQueueOpener(config, isLive, onWait);
  const opened = await openLabeller({
    openEncoder: queue?.open,
    modelPath: config.model.path,
    topK: config.label.top_k,
    tier: config.label.tier,
    cacheMaxBytes: config.label.cache_max_bytes,
    workers: config.label.workers,
    threads: config.label.threads_per_worker,
  });
  return { opened, queue };
}

/** Makes normalizers of the configured mappings, which are read once. */
export interface NormalizerFactory {
  /** `source` names the connector instance. */
  create(source: string): ReloadableNormalizer;
  /** One that is not used any more. */
  drop(normalizer: ReloadableNormalizer): void;
  /** For sources: what of documents is enough for the mappings; undefined: whole ones. */
  fieldPlan(): FieldPlan | undefined;
  /** Reads the mappings again; all go on with them. Throws TagsmithError, and all go on with the old ones. */
  reload(): void;
}

/** `onNotice` is told what people should know. Throws `mapping_*`. */
export function openNormalizers(config: Config, onNotice: (text: string) => void): NormalizerFactory {
  const compile = compileOnce(builtInReaders);
  const sources = mappingSources(config);
  let mappings = mappingsOf(loadMappingSet(sources));
  const onWhole = (why: string): void =>
    onNotice(`${why}, so whole documents are fetched from here on, as with source.fields: all.`);
  const createPlanner = (): FieldPlanner => createFieldPlanner(mappings, builtInReaders, onWhole);
  let planner: FieldPlanner | undefined;
  const made = new Set<ReloadableNormalizer>();
  return {
    create(source) {
      const normalizer = createReloadableNormalizer(
        (some) => createNormalizer({ mappings: some, readers: builtInReaders, compile, source }),
        mappings,
      );
      made.add(normalizer);
      return normalizer;
    },
    drop: (normalizer) => void made.delete(normalizer),
    fieldPlan() {
      planner ??= createPlanner();
      return planner.plan();
    },
    reload() {
      const next = mappingsOf(loadMappingSet(sources));
      for (const normalizer of made) normalizer.replace(next);
      mappings = next;
      planner = undefined;
    },
  };
}

/** What of secrets is kept from whom, as the configuration says. */
export function openRedaction({ redact, redaction }: Config): Redaction {
  if (redact === "off") return noRedaction;
  return createRedaction(redact, compileRedactor(loadRedactionRules(redaction.path ?? bundled.redaction())));
}

import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config/config-schema.ts";
import { loadAttack } from "../event/attack.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { builtInReaders } from "../normalize/built-in-readers.ts";
import { createNormalizer } from "../normalize/create-normalizer.ts";
import { loadMappingSet } from "../normalize/load-mapping-set.ts";
import { mappingsOf } from "../normalize/load-mappings.ts";
import { compileRedactor } from "../normalize/redact/redact-text.ts";
import { loadRedactionRules } from "../normalize/redact/redaction-rules.ts";
import { createReloadableNormalizer } from "../normalize/reloadable-normalizer.ts";
import { createRedaction, noRedaction, type Redaction } from "../pipeline/redaction.ts";
import type { PipelineParts } from "../pipeline/wire.ts";
import { openState, type State } from "../state/open-state.ts";
import type { QueueGauges } from "../telemetry/run-metrics.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { findConnector, settingsOf } from "./find-connector.ts";
import type { RunObserver } from "./observe-run.ts";
import { type OpenLabeller, openLabeller } from "./open-labeller.ts";
import { mappingSources } from "./open-mappings.ts";
import { createQueueOpener } from "./open-queue-encoder.ts";
import { openSessions } from "./open-sessions.ts";
import { bundled } from "./paths.ts";

/** The parts of a pipeline with what must be closed afterwards. */
export interface OpenPipeline {
  readonly parts: PipelineParts;
  readonly opened: OpenLabeller;
  /** Reads the mappings again and goes on with them; throws TagsmithError and goes on with the old ones. */
  readonly reloadMappings: () => void;
  /** Absent where texts are labelled in this process. */
  readonly queue?: () => QueueGauges | undefined;
  close(): Promise<void>;
}

const tickMs = 5_000;
const stopWithinMs = 20_000;

/** Opens everything a configuration names. Throws TagsmithError; nothing stays open then. */
export async function openPipeline(
  config: Config,
  registry: ConnectorRegistry,
  { counts, metrics: { signals }, onWait }: Pick<RunObserver, "counts" | "metrics" | "onWait">,
): Promise<OpenPipeline> {
  const reading = findConnector(registry, config.source.type, "source");
  if (config.source.type === config.sink.type) reading.checkPair?.(settingsOf(config.source), settingsOf(config.sink));
  const source = reading.createSource(settingsOf(config.source), {
    signals,
    onWait,
  });
  const sources = mappingSources(config);
  const normalizer = createReloadableNormalizer(
    (mappings) => createNormalizer({ mappings, readers: builtInReaders, source: source.name }),
    mappingsOf(loadMappingSet(sources)),
  );
  const reloadMappings = (): void => normalizer.replace(mappingsOf(loadMappingSet(sources)));
  const redaction = openRedaction(config);
  const queue = createQueueOpener(config, source.isLive === true, onWait);
  const opened = await openLabeller({
    openEncoder: queue?.open,
    modelPath: config.model.path,
    topK: config.label.top_k,
    tier: config.label.tier,
    cacheMaxBytes: config.label.cache_max_bytes,
    workers: config.label.workers,
    threads: config.label.threads_per_worker,
  });
  const closers: (() => Promise<void> | void)[] = [() => opened.close(), () => source.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0)) await closer();
  };
  try {
    const { model, vocabulary } = opened.artifact;
    const context = { model, vocabulary, techniques: loadAttack(bundled.attack()), signals };
    const sink = findConnector(registry, config.sink.type, "sink").createSink(settingsOf(config.sink), context);
    closers.push(() => sink.close());
    const state = openStateFile(config.state.path);
    closers.push(() => state.close());
    checkFingerprint(state, config, { model, source: source.name, sink: sink.target });
    const sessions = openSessions(config, opened, () => Date.now());
    const { max_batches_in_flight: maxBatchesInFlight } = config.pipeline;
    const live = source.isLive === true ? { tickMs } : {};
    const clock = { now: () => Date.now(), random: () => Math.random(), stopWithinMs };
    const { labeller } = opened;
    const parts = {
      source,
      normalizer,
      labeller,
      sessions,
      sink,
      state,
      counts,
      redaction,
      maxBatchesInFlight,
      ...live,
      ...clock,
    };
    return { parts, opened, reloadMappings, ...(queue !== undefined && { queue: queue.gauges }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openRedaction({ redact, redaction }: Config): Redaction {
  if (redact === "off") return noRedaction;
  return createRedaction(redact, compileRedactor(loadRedactionRules(redaction.path ?? bundled.redaction())));
}

function openStateFile(path: string): State {
  if (path !== ":memory:") {
    try {
      mkdirSync(dirname(path), { recursive: true });
    } catch (cause) {
      throw new TagsmithError("state_unwritable", `${path}: its folder cannot be made.`, "exit", cause);
    }
  }
  return openState(path);
}

/** Labels of another model do not belong into the same sessions: a changed model or session rule needs a new state, once there is something in it. */
function checkFingerprint(
  state: State,
  config: Config,
  {
    model,
    source,
    sink: target,
  }: { readonly model: string; readonly source: string; readonly sink?: string | undefined },
): void {
  const sink = target ?? Object.entries(config.sink).sort(([a], [b]) => (a < b ? -1 : 1));
  const facts = JSON.stringify([
    model,
    config.label.top_k,
    config.label.tier,
    config.session,
    config.source.type,
    sink,
  ]);
  const fingerprint = createHash("sha256").update(facts).digest("hex").slice(0, 16);
  const stored = state.meta("fingerprint");
  const { cursor, sinkPosition } = state.load(source);
  const isUnused = cursor === undefined && sinkPosition === undefined;
  if (stored === undefined || isUnused) state.putMeta("fingerprint", fingerprint);
  else if (stored !== fingerprint) {
    const message = `${config.state.path}: made with another model, session rule or sink. Use another state.path, or remove the file to read everything again.`;
    throw new TagsmithError("state_of_other_config", message, "exit");
  }
}

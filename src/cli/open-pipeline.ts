import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config/config-schema.ts";
import { loadAttack } from "../event/attack.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { runPipeline } from "../pipeline/wire.ts";
import { openState, type State } from "../state/open-state.ts";
import type { ClusterGauges, QueueGauges } from "../telemetry/run-metrics.ts";
import { fingerprintOf } from "./config-fingerprint.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import { findConnector, settingsOf } from "./find-connector.ts";
import type { RunObserver } from "./observe-run.ts";
import { type OpenDetection, openDetection } from "./open-detection.ts";
import { openSessions } from "./open-sessions.ts";
import { openNormalizers, openRedaction, openStages, stopWithinMs, tickMs } from "./open-stages.ts";
import { bundled } from "./paths.ts";

/** All that a run needs, opened; what must be closed afterwards. */
export interface OpenPipeline {
  /** What people must know before anything is written. */
  readonly warnings: readonly string[];
  /** Reads the mappings again and goes on with them; throws TagsmithError and goes on with the old ones. */
  readonly reloadMappings: () => void;
  /** Absent where no rules are asked. */
  readonly detection?: Pick<OpenDetection, "size" | "reload">;
  /** Absent where texts are labelled in this process. */
  readonly queue?: () => QueueGauges | undefined;
  /** Absent where one process has all of the work. */
  readonly cluster?: () => ClusterGauges | undefined;
  /** Until the input ends or `stop` aborts. */
  run(stop: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Opens everything a configuration names. Throws TagsmithError; nothing stays open then. */
export async function openPipeline(
  config: Config,
  registry: ConnectorRegistry,
  { counts, metrics: { signals }, onStep, onWait, onNotice, onLate, onLateEvents }: RunObserver,
  openLabels: typeof openStages = openStages,
): Promise<OpenPipeline> {
  const reading = findConnector(registry, config.source.type, "source");
  if (config.source.type === config.sink.type) reading.checkPair?.(settingsOf(config.source), settingsOf(config.sink));
  const normalizers = openNormalizers(config, onNotice);
  const { fieldPlan } = normalizers;
  const source = reading.createSource(settingsOf(config.source), { signals, onWait, fieldPlan });
  const normalizer = normalizers.create(source.name);
  const redaction = openRedaction(config);
  const { opened, queue } = await openLabels(config, source.isLive === true, onWait);
  const closers: (() => Promise<void> | void)[] = [() => opened.close(), () => source.close()];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0)) await closer();
  };
  try {
    const { model, vocabulary } = opened.artifact;
    const techniques = loadAttack(bundled.attack());
    const context = { model, vocabulary, techniques, signals, hasRules: config.detect !== undefined };
    const sink = findConnector(registry, config.sink.type, "sink").createSink(settingsOf(config.sink), context);
    closers.push(() => sink.close());
    const state = openStateFile(config.state.path);
    closers.push(() => state.close());
    checkFingerprint(state, config, { model, source: source.name, sink: sink.target });
    const detection = config.detect && openDetection(config.detect, model, { onLate });
    const sessions = openSessions(config, opened, {
      isLive: source.isLive === true,
      now: () => Date.now(),
      onLate: onLateEvents,
    });
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
      ...(detection && { detection: detection.stage }),
      maxBatchesInFlight,
      ...live,
      ...clock,
    };
    return {
      warnings: [...(sink.warnings ?? []), ...(detection?.warnings ?? [])],
      ...(detection && { detection }),
      reloadMappings: normalizers.reload,
      ...(queue !== undefined && { queue: queue.gauges }),
      run: (stop) => runPipeline({ ...parts, onStep, onWait }, stop),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
  const fingerprint = fingerprintOf(config, model, target);
  const stored = state.meta("fingerprint");
  const { cursor, sinkPosition } = state.load(source);
  const isUnused = cursor === undefined && sinkPosition === undefined;
  if (stored === undefined || isUnused) state.putMeta("fingerprint", fingerprint);
  else if (stored !== fingerprint) {
    const message = `${config.state.path}: made with another model, session rule or sink. Use another state.path, or remove the file to read everything again.`;
    throw new TagsmithError("state_of_other_config", message, "exit");
  }
}

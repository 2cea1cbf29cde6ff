import type { RunDetection } from "../detect/detect-stage.ts";
import type { Normalizer } from "../normalize/create-normalizer.ts";
import type { Output, Sink } from "../sdk/sink.ts";
import type { Source } from "../sdk/source.ts";
import type { Counts } from "../telemetry/signals.ts";
import type { Redaction } from "./redaction.ts";
import type { RetrySettings } from "./retry.ts";
import type { PipelineState, SessionStage } from "./session-stage.ts";
import type { Labeller, NormalizedBatch } from "./stage-types.ts";

/** The parts of one pipeline; the caller opens and closes them. */
export interface PipelineParts {
  readonly source: Source;
  readonly normalizer: Normalizer;
  readonly labeller: Labeller;
  readonly sessions: SessionStage;
  /** Absent: no rules are asked. */
  readonly detection?: RunDetection;
  readonly sink: Sink;
  readonly state: PipelineState;
  readonly counts: Counts;
  /** Absent: nothing is redacted. */
  readonly redaction?: Redaction;
  readonly maxBatchesInFlight: number;
  /** How often a live source that is quiet is checked for idle sessions; absent for input that ends. */
  readonly tickMs?: number;
  /** After `stop`: how long what was already read may take to be written. */
  readonly stopWithinMs: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly onWait?: RetrySettings["onWait"];
  readonly onStep?: (batch: NormalizedBatch, output: Output) => void;
}

import type { TagsmithError } from "../event/tagsmith-error.ts";
import type { PipelineParts } from "../pipeline/wire.ts";
import type { Output } from "../sdk/sink.ts";
import { createRunMetrics, type RunMetrics } from "../telemetry/run-metrics.ts";
import { type Counts, createCounts } from "../telemetry/signals.ts";
import { createProgress } from "./progress.ts";
import { addToSummary, createRunSummary, type RunSummary } from "./run-summary.ts";
import { oneLine, type Terminal } from "./terminal.ts";

/** Sees what a run does: for the progress line, the summary and the metrics. */
export interface RunObserver {
  readonly counts: Counts;
  readonly metrics: RunMetrics;
  readonly summary: RunSummary;
  readonly onStep: NonNullable<PipelineParts["onStep"]>;
  /** Verdicts and alerts that are written apart from any batch. */
  readonly onOutput: (output: Output) => void;
  /** So many events came too late to change the verdict of their session. */
  readonly onLateEvents: (events: number) => void;
  /** So many matched events came too late for correlations. */
  readonly onLate: (events: number) => void;
  readonly onWait: (error: TagsmithError, waitMs: number) => void;
  /** What people should know, once. */
  readonly onNotice: (text: string) => void;
  /** Seconds since the start, never 0. */
  seconds(): number;
  end(): void;
}

/** Starts to observe. `isSilent`: no progress; that something is waited for is always said. */
export function observeRun(terminal: Terminal, isSilent: boolean): RunObserver {
  const counts = createCounts();
  const metrics = createRunMetrics(counts, () => Date.now());
  const summary = createRunSummary();
  const progress = createProgress({ stream: terminal.err, now: terminal.now, enabled: !isSilent });
  const started = terminal.now();
  const seconds = (): number => Math.max(0.001, (terminal.now() - started) / 1000);
  return {
    counts,
    metrics,
    summary,
    seconds,
    onStep: ({ batch }, output) => {
      metrics.stepDone(output);
      addToSummary(summary, output);
      const perSecond = Math.round(counts.events / seconds());
      const rate = `${counts.events.toLocaleString("en-US")} events · ${perSecond.toLocaleString("en-US")}/s`;
      if (batch.progress) progress.update(batch.progress.done, batch.progress.total, batch.progress.unit, rate);
    },
    onOutput: (output) => {
      metrics.stepDone(output);
      addToSummary(summary, output);
    },
    onLateEvents: (events) => {
      counts.lateEvents += events;
    },
    onLate: (events) => {
      counts.lateMatches += events;
    },
    onWait: (error, waitMs) => {
      metrics.waiting(error);
      const again = `Trying again in ${(waitMs / 1000).toFixed(1)} s.`;
      terminal.err.write(`${oneLine(`tagsmith: ${error.code}: ${error.message} ${again}`)}\n`);
    },
    onNotice: (text) => terminal.err.write(`${oneLine(`tagsmith: warning: ${text}`)}\n`),
    end: () => progress.end(),
  };
}

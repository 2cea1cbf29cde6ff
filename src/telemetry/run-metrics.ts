import type { TagsmithError } from "../event/tagsmith-error.ts";
import type { SignalName, Signals } from "../sdk/signals.ts";
import type { Output } from "../sdk/sink.ts";
import type { Counts } from "./signals.ts";

/** How long a queue is, and who works on it. Absent before the first look. */
export interface QueueDepthGauges {
  readonly waiting?: number;
  readonly waitingBackfill?: number;
  readonly active?: number;
  readonly delayed?: number;
  readonly oldestSecs?: number;
  readonly oldestBackfillSecs?: number;
  readonly workers?: number;
  readonly workerTextsPerSec?: number;
}

/** The queue that a run's texts go through. */
export interface QueueGauges extends QueueDepthGauges {
  readonly heldBackTexts: number;
  readonly sharedTexts: number;
  readonly failedTexts: number;
  readonly lostJobs: number;
}

/** A node's part in a cluster. */
export interface ClusterGauges {
  /** Nodes there are, this one among them. */
  readonly nodes: number;
  /** What this one owns. */
  readonly slices: number;
  readonly partitions: number;
  /** Leases that went to others, or were lost with Redis, since the start. */
  readonly lostLeases: number;
}

/** A run as numbers, at one moment. */
export interface RunSnapshot {
  readonly startedMs: number;
  readonly documents: number;
  readonly events: number;
  readonly labelled: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly verdicts: Readonly<Record<string, number>>;
  /** By level; absent in runs of programs that know none. */
  readonly alerts?: Readonly<Record<string, number>>;
  /** Absent in runs of programs that know none. */
  readonly lateEvents?: number;
  /** Absent in runs of programs that know none. */
  readonly lateMatches?: number;
  readonly sourceErrors: Readonly<Record<string, number>>;
  readonly sinkErrors: Readonly<Record<string, number>>;
  readonly sinkDocuments: Readonly<Record<string, number>>;
  /** Since the newest event that is labelled and written happened; absent before the first. */
  readonly eventLagSecs?: number;
  /** By ingest time, where the source says so. */
  readonly ingestLagSecs?: number;
  /** Since the last step was stored; absent before the first. */
  readonly checkpointAgeSecs?: number;
  /** What is waited for, when nothing moves: a code and a sentence. */
  readonly waitingFor?: { readonly code: string; readonly message: string };
  /** Absent where texts are labelled in this process. */
  readonly queue?: QueueGauges;
  /** Absent where one process has all of the work. */
  readonly cluster?: ClusterGauges;
}

/** Numbers of one run. */
export interface RunMetrics {
  /** For the connectors. */
  readonly signals: Signals;
  /** A step is written and stored. */
  stepDone(output: Output): void;
  /** An attempt failed and is made again. */
  waiting(error: TagsmithError): void;
  snapshot(): RunSnapshot;
}

/** Kinds a counter tells apart; the rest is counted as `other`. */
const maxKinds = 100;

/** Numbers on top of `counts`; `now` is wall-clock milliseconds. */
export function createRunMetrics(counts: Counts, now: () => number): RunMetrics {
  const startedMs = now();
  const counters: Readonly<Record<SignalName | "verdicts" | "alerts", Map<string, number>>> = {
    source_errors: new Map(),
    sink_errors: new Map(),
    sink_documents: new Map(),
    verdicts: new Map(),
    alerts: new Map(),
  };
  let newestEventMs: number | undefined;
  let storedMs: number | undefined;
  let lagSecs: number | undefined;
  let waitingFor: RunSnapshot["waitingFor"];
  return {
    signals: {
      count: (name, kind, by = 1) => add(counters[name], kind, by),
      lag: (seconds) => {
        lagSecs = seconds;
      },
    },
    stepDone(output) {
      storedMs = now();
      waitingFor = undefined;
      for (const { event } of output.labels) {
        // An event dated into the future says nothing of how far we are.
        if (event.timeMs === undefined || event.timeMs > storedMs) continue;
        if (newestEventMs === undefined || event.timeMs > newestEventMs) newestEventMs = event.timeMs;
      }
      for (const { rule } of output.alerts ?? []) add(counters.alerts, rule.level, 1);
      for (const { verdict } of output.verdicts) add(counters.verdicts, verdict, 1);
    },
    waiting: ({ code, message }) => {
      waitingFor = { code, message };
    },
    snapshot: () => ({
      startedMs,
      documents: counts.documents,
      events: counts.events,
      labelled: counts.labelled,
      skipped: Object.fromEntries(counts.skips),
      deadLetters: Object.fromEntries(counts.rejects),
      verdicts: Object.fromEntries(counters.verdicts),
      alerts: Object.fromEntries(counters.alerts),
      lateEvents: counts.lateEvents,
      lateMatches: counts.lateMatches,
      sourceErrors: Object.fromEntries(counters.source_errors),
      sinkErrors: Object.fromEntries(counters.sink_errors),
      sinkDocuments: Object.fromEntries(counters.sink_documents),
      ...(newestEventMs !== undefined && { eventLagSecs: (now() - newestEventMs) / 1_000 }),
      ...(lagSecs !== undefined && { ingestLagSecs: lagSecs }),
      ...(storedMs !== undefined && { checkpointAgeSecs: (now() - storedMs) / 1_000 }),
      ...(waitingFor !== undefined && { waitingFor }),
    }),
  };
}

function add(counter: Map<string, number>, kind: string, by: number): void {
  const name = counter.has(kind) || counter.size < maxKinds ? kind : "other";
  counter.set(name, (counter.get(name) ?? 0) + by);
}

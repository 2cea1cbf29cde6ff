import type { Normalizer } from "../normalize/create-normalizer.ts";
import type { Output, Sink } from "../sdk/sink.ts";
import type { Source } from "../sdk/source.ts";
import type { Counts } from "../telemetry/signals.ts";
import { createNormalizeStage } from "./normalize-stage.ts";
import { openSink } from "./open-sink.ts";
import { readAhead } from "./read-ahead.ts";
import { noRedaction, type Redaction } from "./redaction.ts";
import { type RetrySettings, retry } from "./retry.ts";
import type { PipelineState, SessionStage } from "./session-stage.ts";
import type { LabelledBatch, Labeller, NormalizedBatch } from "./stage-types.ts";
import { withTicks } from "./with-ticks.ts";

/** The parts of one pipeline; the caller opens and closes them. */
export interface PipelineParts {
  readonly source: Source;
  readonly normalizer: Normalizer;
  readonly labeller: Labeller;
  readonly sessions: SessionStage;
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

/**
 * Runs documents → events → labels → verdicts → sink → checkpoint until the input ends or `stop` aborts. On `stop` what
 * was already read is still finished and committed; a session stays open for the next start. At the end of input all
 * sessions get their final verdict.
 */
export async function runPipeline(parts: PipelineParts, stop: AbortSignal): Promise<void> {
  const { source, normalizer, labeller, sessions, sink, state, counts, redaction = noRedaction } = parts;
  const done = state.load(source.name);
  if (done.normalizerState !== undefined) normalizer.restore(done.normalizerState);
  sessions.restore(state);
  const normalizeStage = createNormalizeStage(parts);
  const finish = new AbortController();
  stop.addEventListener("abort", () => setTimeout(() => finish.abort(stop.reason), parts.stopWithinMs).unref());
  await openSink(sink, state, done.sinkPosition, finish.signal);

  const label = async (batch: NormalizedBatch): Promise<LabelledBatch> => {
    const texts = batch.events.map((event) => event.text);
    const results = await labeller.label(texts, finish.signal);
    const labelled = batch.events.map((event, index) => {
      const { labels, tags } = results[index] ?? { labels: [], tags: [] };
      return { event: redaction.store(event), topLabels: labels, tags };
    });
    counts.labelled += labelled.length;
    return { ...batch, labelled };
  };

  const settle = async (batch: LabelledBatch, isEnd: boolean): Promise<void> => {
    const verdicts = [...sessions.add(batch.labelled), ...(isEnd ? sessions.closeAll() : [])];
    await commit(batch, { labels: batch.labelled, verdicts, deadLetters: batch.deadLetters });
    await batch.batch.settle?.({ kind: "accepted" });
  };

  const waits = { minWaitMs: 200, maxWaitMs: 30_000, random: parts.random, onWait: parts.onWait };
  const commit = async (batch: NormalizedBatch, output: Output): Promise<void> => {
    const sinkPosition = await retry(() => sink.write(output, finish.signal), waits, finish.signal);
    const { normalizerState } = batch;
    const reached = { source: source.name, cursor: batch.batch.cursor, sinkPosition, normalizerState };
    const step = { ...reached, ...sessions.changes() };
    await retry(() => state.commit(step), waits, finish.signal);
    parts.onStep?.(batch, output);
  };

  // A failure anywhere ends the reading too: a source that follows files would wait for the next line for ever.
  const reading = new AbortController();
  const endInput = (): void => reading.abort();
  const normalized = normalizeStage.normalizeAll(source.read(done.cursor, AbortSignal.any([stop, reading.signal])));
  const ahead = readAhead(normalized, parts.maxBatchesInFlight, label, endInput);
  let last = done.cursor === undefined ? undefined : normalizeStage.resumeAt(done.cursor);
  for await (const step of withTicks(ahead, parts.tickMs, endInput)) {
    if (step.kind === "item") {
      last = step.item;
      await settle(step.item, false);
    } else if (last !== undefined) {
      await commit(emptyAfter(last), { labels: [], deadLetters: [], verdicts: sessions.closeIdle(parts.now()) });
    } else await retry(() => sessions.rest?.(), waits, finish.signal);
  }
  if (stop.aborted) return;
  await settle(await label(normalizeStage.flush()), true);
}

function emptyAfter(last: NormalizedBatch): NormalizedBatch {
  return { ...last, events: [], deadLetters: [], batch: { records: [], cursor: last.batch.cursor } };
}

import { noDetection } from "../detect/detect-stage.ts";
import type { Output } from "../sdk/sink.ts";
import { createNormalizeStage } from "./normalize-stage.ts";
import { openSink } from "./open-sink.ts";
import type { PipelineParts } from "./pipeline-parts.ts";
import { readAhead } from "./read-ahead.ts";
import { noRedaction } from "./redaction.ts";
import { retry } from "./retry.ts";
import { emptyAfter, type LabelledBatch, type NormalizedBatch } from "./stage-types.ts";
import { withTicks } from "./with-ticks.ts";

export type { PipelineParts } from "./pipeline-parts.ts";

/**
 * Runs documents → events → labels → verdicts → alerts → sink → checkpoint until the input ends or `stop` aborts. On `stop` what
 * was already read is still finished and committed; a session stays open for the next start. At the end of input all
 * sessions get their final verdict.
 */
export async function runPipeline(parts: PipelineParts, stop: AbortSignal): Promise<void> {
  const {
    source,
    normalizer,
    labeller,
    sessions,
    sink,
    state,
    counts,
    redaction = noRedaction,
    detection = noDetection,
  } = parts;
  const done = state.load(source.name);
  if (done.normalizerState !== undefined) normalizer.restore(done.normalizerState);
  sessions.restore(state);
  detection.restore(done.detection ?? []);
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
    const alerts = [...detection.add(batch.labelled, verdicts), ...(isEnd ? detection.finish() : [])];
    await commit(batch, { labels: batch.labelled, verdicts, alerts, deadLetters: batch.deadLetters });
    await batch.batch.settle?.({ kind: "accepted" });
  };

  const waits = { minWaitMs: 200, maxWaitMs: 30_000, random: parts.random, onWait: parts.onWait };
  const commit = async (batch: NormalizedBatch, output: Output): Promise<void> => {
    const sinkPosition = await retry(() => sink.write(output, finish.signal), waits, finish.signal);
    const reached = { source: source.name, cursor: batch.batch.cursor, normalizerState: batch.normalizerState };
    const step = { ...reached, sinkPosition, ...sessions.changes(), ...detection.changes() };
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
      const verdicts = sessions.closeIdle(parts.now());
      const alerts = detection.rest(verdicts, parts.now());
      await commit(emptyAfter(last), { labels: [], deadLetters: [], verdicts, alerts });
    } else await retry(() => sessions.rest?.(), waits, finish.signal);
  }
  if (stop.aborted) return;
  await settle(await label(normalizeStage.flush()), true);
}

import { noDetection } from "../detect/detect-stage.ts";
import { createNormalizeStage } from "./normalize-stage.ts";
import { openSink } from "./open-sink.ts";
import type { PipelineParts } from "./pipeline-parts.ts";
import { readAhead } from "./read-ahead.ts";
import { noRedaction } from "./redaction.ts";
import { emptyAfter, type LabelledBatch, type NormalizedBatch } from "./stage-types.ts";
import { createStepChain } from "./step-chain.ts";
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
  const finishSoon = (reason: unknown): void => {
    setTimeout(() => finish.abort(reason), parts.stopWithinMs).unref();
  };
  stop.addEventListener("abort", () => finishSoon(stop.reason));
  await openSink(sink, state, done.sinkPosition, finish.signal);

  let inHand = 0;
  const label = async (batch: NormalizedBatch): Promise<LabelledBatch> => {
    inHand += 1;
    const texts = batch.events.map((event) => event.text);
    const results = await labeller.label(texts, finish.signal);
    const labelled = batch.events.map((event, index) => {
      const { labels, tags } = results[index] ?? { labels: [], tags: [] };
      return { event: redaction.store(event), topLabels: labels, tags };
    });
    counts.labelled += labelled.length;
    inHand -= 1;
    return { ...batch, labelled };
  };

  // A failure anywhere ends the reading too: a source that follows files would wait for the next line for ever.
  const reading = new AbortController();
  const endInput = (): void => reading.abort();
  const steps = createStepChain(parts, { signal: finish.signal, onFailure: endInput });

  const settle = (batch: LabelledBatch, isEnd: boolean): Promise<void> => {
    const verdicts = [...sessions.add(batch.labelled), ...(isEnd ? sessions.closeAll() : [])];
    const alerts = [...detection.add(batch.labelled, verdicts), ...(isEnd ? detection.finish() : [])];
    return steps.put(batch, { labels: batch.labelled, verdicts, alerts, deadLetters: batch.deadLetters });
  };

  const normalized = normalizeStage.normalizeAll(source.read(done.cursor, AbortSignal.any([stop, reading.signal])));
  const ahead = readAhead(normalized, parts.maxBatchesInFlight, label, endInput);
  let last = done.cursor === undefined ? undefined : normalizeStage.resumeAt(done.cursor);
  try {
    for await (const step of withTicks(ahead, parts.tickMs, endInput)) {
      if (step.kind === "item") {
        // Not the batch itself: what it holds is not kept while nothing comes.
        last = emptyAfter(step.item);
        await settle(step.item, false);
      } else if (inHand > 0) {
        // The source is not quiet: what waits for its labels may be old, and must not come too late.
      } else if (last !== undefined) {
        const verdicts = sessions.closeIdle(parts.now());
        const alerts = detection.rest(verdicts, parts.now());
        await steps.put(last, { labels: [], deadLetters: [], verdicts, alerts });
      } else await steps.idle();
    }
    if (!stop.aborted) await settle(await label(normalizeStage.flush()), true);
    await steps.drain();
  } catch (error) {
    finishSoon(error);
    await steps.rest();
    throw error;
  }
}

import type { Event } from "../event/event.ts";
import type { Normalizer } from "../normalize/create-normalizer.ts";
import type { RefusedResult, Result } from "../normalize/result.ts";
import type { DeadLetter } from "../sdk/dead-letter.ts";
import type { SourceRecord } from "../sdk/document.ts";
import type { Batch } from "../sdk/source.ts";
import { type Counts, countName } from "../telemetry/signals.ts";
import { deadLetterOf } from "./dead-letters.ts";
import { noRedaction, type Redaction } from "./redaction.ts";
import type { NormalizedBatch } from "./stage-types.ts";
import { withTicks } from "./with-ticks.ts";

/** What the stage needs of a pipeline. */
export interface NormalizeSettings {
  readonly normalizer: Normalizer;
  readonly source: { readonly name: string };
  readonly counts: Counts;
  /** Absent: nothing is redacted. */
  readonly redaction?: Redaction;
  /** How often a live source is asked whether events have been open for long; absent for input that ends. */
  readonly tickMs?: number;
  readonly now?: () => number;
}

/** Normalizes batches in the order they are read; the counts say what became of the documents. */
export interface NormalizeStage {
  /** The empty batch that stands where an earlier run came to; called before the first batch, if at all. */
  resumeAt(cursor: string): NormalizedBatch;
  normalizeAll(batches: AsyncIterable<Batch>): AsyncIterable<NormalizedBatch>;
  /** End of input: events that were still waiting for records. */
  flush(): NormalizedBatch;
}

export function createNormalizeStage(settings: NormalizeSettings): NormalizeStage {
  const { normalizer, source, counts, redaction = noRedaction, tickMs } = settings;
  let cursor: string | undefined;
  const collect = (batch: Batch, results: readonly Result[]): NormalizedBatch => {
    const events: Event[] = [];
    const deadLetters: DeadLetter[] = [];
    const refusals = new Map<string, number>();
    for (const result of results) {
      if (result.kind === "event") {
        events.push(redaction.read(result.event));
        countName(counts.mappings, result.event.mapping);
      } else if (result.kind === "skipped") {
        counts.skipped += 1;
        countName(counts.skips, result.code);
      } else {
        countName(counts.rejects, result.code);
        const record = findRecord(batch.records, result);
        const [first] = result.records;
        const refusal = `${first?.container}\0${first?.id}\0${result.code}`;
        const letter = deadLetterOf(result, source.name, record, refusals.get(refusal) ?? 0);
        deadLetters.push({ ...letter, excerpt: redaction.excerpt(letter.excerpt) });
        countName(refusals, refusal);
      }
    }
    counts.documents += batch.records.length;
    counts.events += events.length;
    counts.deadLetters += deadLetters.length;
    return { batch, events, deadLetters, normalizerState: normalizer.state() };
  };
  const release = createRelease(settings);
  return {
    resumeAt: (stored) => {
      cursor = stored;
      return { batch: { records: [], cursor }, events: [], deadLetters: [], normalizerState: normalizer.state() };
    },
    async *normalizeAll(batches) {
      for await (const step of withTicks(batches, tickMs)) {
        if (step.kind === "item") {
          cursor = step.item.cursor;
          yield collect(step.item, normalizer.normalize(step.item.records));
        }
        const released = release();
        if (released.length > 0) yield collect({ records: [], cursor: cursor ?? "" }, released);
      }
    },
    flush: () => collect({ records: [], cursor: cursor ?? "" }, normalizer.flush()),
  };
}

/** Asks the normalizer once in `tickMs`, however busy the source is. */
function createRelease({ normalizer, tickMs, now }: NormalizeSettings): () => readonly Result[] {
  if (tickMs === undefined || now === undefined) return () => [];
  let askedMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = now();
    if (Math.abs(nowMs - askedMs) < tickMs) return [];
    askedMs = nowMs;
    return normalizer.release(nowMs);
  };
}

function findRecord(records: readonly SourceRecord[], result: RefusedResult): SourceRecord | undefined {
  const [first] = result.records;
  return first && records.find((record) => record.sequence === first.sequence && record.container === first.container);
}

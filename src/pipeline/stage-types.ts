import type { Event } from "../event/event.ts";
import type { Label, LabelledEvent } from "../event/label.ts";
import type { DeadLetter } from "../sdk/dead-letter.ts";
import type { Batch } from "../sdk/source.ts";

/** What normalization made of one batch, with the state to restore after it. */
export interface NormalizedBatch {
  readonly batch: Batch;
  readonly events: readonly Event[];
  readonly deadLetters: readonly DeadLetter[];
  /** Pending partial events of the normalizer once this batch was read: JSON text. */
  readonly normalizerState: string;
}

/** The empty batch that stands behind `last`. */
export function emptyAfter(last: NormalizedBatch): NormalizedBatch {
  const { batch, normalizerState } = last;
  return { batch: { records: [], cursor: batch.cursor }, events: [], deadLetters: [], normalizerState };
}

/** A normalized batch with the labels of its events, in the same order. */
export interface LabelledBatch extends NormalizedBatch {
  readonly labelled: readonly LabelledEvent[];
}

/** What one text is labelled with. */
interface Labelled {
  readonly labels: readonly Label[];
  readonly tags: readonly string[];
}

/** Turns texts into labels, in order; throws when the encoder is broken. */
export interface Labeller {
  label(texts: readonly string[], signal: AbortSignal): Promise<readonly Labelled[]>;
}

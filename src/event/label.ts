import type { Event } from "./event.ts";

/** One of the ranked `top_labels` L1 gives a text. */
export interface Label {
  readonly label_id: string;
  /** Calibrated similarity, 0 to 1; higher is surer. */
  readonly score: number;
  /** The tag's behaviour group. */
  readonly axis: string;
}

/** Scores below stay in the ranked labels only: each stored score is a field of its own, and nobody asks for these. */
export const minStoredScore = 0.01;

/** An event with its labels, best first. */
export interface LabelledEvent {
  readonly event: Event;
  readonly topLabels: readonly Label[];
  /** Selected tags: labels above the selection rule, best first. */
  readonly tags: readonly string[];
}

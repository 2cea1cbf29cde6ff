import type { Label } from "../event/label.ts";

/** What labelling says of one text. Frozen: one value is shared by all events with the text. */
export interface Labelled {
  /** Best first; empty when the text holds nothing to read. */
  readonly labels: readonly Label[];
  /** Selected tags: labels above the selection rule, best first. */
  readonly tags: readonly string[];
}

import type { Document } from "../../sdk/document.ts";

/** An event that counts in a window. */
export interface WindowEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** References of the correlation that the event satisfied, as positions in `correlation.rules`. */
  readonly rules: readonly number[];
  /** What the measure reads from the event: distinct values, or numbers. */
  readonly values: readonly (string | number)[];
  /** The events behind it: one, or those of the inner correlation that fired. */
  readonly events: readonly ContributingEvent[];
}

export interface ContributingEvent {
  readonly event: Document;
  readonly time: number;
}

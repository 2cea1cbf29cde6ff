/** A record that could not become a labelled event, with the reason and the place. */
export interface DeadLetter {
  /** Deterministic, from the place in the source. */
  readonly id: string;
  /** Stable, lower snake, listed in docs/errors.md. */
  readonly code: string;
  readonly reason: string;
  /** The field at fault, where one is. */
  readonly field?: string;
  readonly source: string;
  readonly container: string;
  /** Document id, or `line:N`. */
  readonly document: string;
  /** The record as text, cut to a bound. */
  readonly excerpt: string;
}

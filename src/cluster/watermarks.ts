/** What is known of a slice's progress: its newest event time, or that all it has is read. */
export type Mark = number | "idle";

/** No slice's name. */
const ofAll = "";

/**
 * How far event time has come in a partition: as far as in the slice that is furthest behind, so that no slice's events
 * are late because another one was read faster. Slices that are done or have nothing to read hold nobody back.
 */
export class Watermarks {
  readonly #marks = new Map<string, Mark>();
  #newestMs = Number.NEGATIVE_INFINITY;

  constructor(stored: Readonly<Record<string, number>> = {}) {
    for (const [slice, mark] of Object.entries(stored)) this.note(slice, mark);
  }

  /** All of the slice's events up to here are in. */
  note(slice: string, mark: Mark | undefined): void {
    if (mark === undefined) return;
    if (mark !== "idle") this.#newestMs = Math.max(this.#newestMs, mark);
    const known = this.#marks.get(slice);
    const isOlder = typeof known === "number" && mark !== "idle" && mark < known;
    if (!isOlder) this.#marks.set(slice, mark);
  }

  /** `open`: the slices that may still bring events. -Infinity while nothing is known of one of them. */
  lowMs(open: Iterable<string>): number {
    let lowMs = Number.POSITIVE_INFINITY;
    for (const slice of open) {
      const mark = this.#marks.get(slice) ?? Number.NEGATIVE_INFINITY;
      if (mark !== "idle") lowMs = Math.min(lowMs, mark);
    }
    return Math.min(lowMs, this.#newestMs);
  }

  /** Whether none of the slices has anything to read now. */
  areIdle(open: Iterable<string>): boolean {
    for (const slice of open) if (this.#marks.get(slice) !== "idle") return false;
    return true;
  }

  /** Of the slices that may still bring events, and how far all had come: what is done, maybe thousands of files, is left out. */
  store(open: Iterable<string>): Record<string, number> {
    const stored: Record<string, number> = {};
    for (const slice of open) {
      const mark = this.#marks.get(slice);
      if (typeof mark === "number") stored[slice] = mark;
    }
    if (Number.isFinite(this.#newestMs)) stored[ofAll] = this.#newestMs;
    return stored;
  }
}

import { hash } from "node:crypto";
import { BucketLedger } from "./bucket-ledger.ts";
import type { Lane } from "./lane.ts";
import type { Hit } from "./search-page.ts";

/** How far a lane was read, as a cursor holds it. */
export interface StoredPosition {
  readonly field: string;
  readonly start?: number | undefined;
  readonly at?: number | undefined;
  readonly ids: readonly (readonly [string, number])[];
  readonly counts: readonly number[];
}

/** Ids kept so that documents that come up again are known; about 100 bytes each. */
const maxKnownIds = 200_000;

/** How far a lane was read: all documents before `at`, those of `known` from there on, and how many of each minute. */
export class LanePosition {
  readonly lane: Lane;
  /** Nothing before it is read; undefined: no such bound. */
  readonly startMs: number | undefined;
  atMs: number | undefined;
  readonly ledger: BucketLedger;
  /** Time by id, oldest read first. */
  readonly #known: Map<string, number>;

  constructor(lane: Lane, stored: StoredPosition | undefined, startMs: number | undefined) {
    this.lane = lane;
    this.startMs = stored === undefined ? startMs : stored.start;
    this.atMs = stored === undefined ? startMs : stored.at;
    this.ledger = BucketLedger.ofNumbers(stored?.counts ?? []);
    this.#known = new Map(stored?.ids ?? []);
  }

  /** The hits that were not read before; they count as read from now on. */
  takeNew(hits: readonly Hit[]): Hit[] {
    return hits.filter((hit) => {
      const key = keyOf(hit);
      if (this.#known.has(key)) return false;
      this.#known.set(key, hit.timeMs);
      this.ledger.add(hit.timeMs);
      return true;
    });
  }

  /** All documents before `timeMs` are read. */
  advance(timeMs: number, keepMs: number): void {
    if (this.atMs !== undefined && timeMs <= this.atMs) return;
    this.atMs = timeMs;
    this.ledger.forgetBefore(timeMs - keepMs);
    if (this.#known.size <= maxKnownIds) return;
    for (const [key, knownMs] of this.#known) {
      if (this.#known.size <= maxKnownIds / 2) break;
      if (knownMs < timeMs) this.#known.delete(key);
    }
  }

  /** Known documents from `timeMs` on. */
  countKnownFrom(timeMs: number): number {
    let count = 0;
    for (const knownMs of this.#known.values()) if (knownMs >= timeMs) count += 1;
    return count;
  }

  store(): StoredPosition {
    const atMs = this.atMs ?? Number.NEGATIVE_INFINITY;
    return {
      field: this.lane.field,
      ...(this.startMs !== undefined && { start: this.startMs }),
      ...(this.atMs !== undefined && { at: this.atMs }),
      ids: [...this.#known].filter(([, timeMs]) => timeMs >= atMs),
      counts: this.ledger.toNumbers(),
    };
  }
}

/** 72 bits that stand for a document. */
export function keyOf({ index, id }: Pick<Hit, "index" | "id">): string {
  return hash("sha256", `${index}\0${id}`, "base64url").slice(0, 12);
}

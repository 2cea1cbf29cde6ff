import type { MatchRow } from "../cluster/match-row.ts";
import { partitionOf } from "../cluster/partition-of.ts";
import type { Forward } from "../detect/detect-stage.ts";

/** Matches since the last step, by the partitions whose correlations count them. */
export class MatchOutbox {
  readonly #partitions: number;
  #rows = new Map<number, MatchRow[]>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  readonly add: Forward = (matched, places) => {
    for (const partition of new Set(places.map((place) => partitionOf(place, this.#partitions)))) {
      const rows = this.#rows.get(partition);
      if (rows === undefined) this.#rows.set(partition, [matched]);
      else rows.push(matched);
    }
  };

  take(): ReadonlyMap<number, readonly MatchRow[]> {
    const rows = this.#rows;
    this.#rows = new Map();
    return rows;
  }
}

import type { DetectionRows } from "./detection-rows.ts";
import type { EventRow } from "./event-row.ts";
import type { MatchRow } from "./match-row.ts";

/** What a partition's owner remembers; the events come one by one. */
export interface PartitionState {
  readonly sinkPosition?: string;
  /** The tracker's own note. */
  readonly meta?: string;
  /** Newest event time of each slice, as far as this partition knows. */
  readonly marks: Readonly<Record<string, number>>;
  readonly notes: readonly (readonly [sessionKey: string, note: string])[];
  readonly events: readonly EventRow[];
  /** Rows of what its rules remember, in the order they were stored; absent: none. */
  readonly detection?: readonly string[];
}

/** What a step changes. */
export interface PartitionStep {
  /** The last entry that is in the step; the last one known when left out. */
  readonly lastEntry?: string;
  readonly sinkPosition?: string;
  readonly meta?: string;
  readonly marks: Readonly<Record<string, number>>;
  readonly addEvents: readonly EventRow[];
  /** Stored events of a session up to and including a time, which are no longer needed; applied last. */
  readonly expired: readonly { readonly sessionKey: string; readonly untilTimeMs: number }[];
  /** Null removes the note. */
  readonly notes: readonly (readonly [sessionKey: string, note: string | null])[];
  readonly detection?: DetectionRows;
  /** What its rules matched, for the partitions whose correlations count it. */
  readonly matches?: ReadonlyMap<number, readonly MatchRow[]>;
  /** All input was judged. */
  readonly isJudged?: boolean;
}

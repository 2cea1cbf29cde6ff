import type { FeatureSpace } from "./feature-accumulator.ts";
import type { SessionScorer } from "./session-scorer.ts";

/** Which online verdicts go out. `changes`: the first and each change of label; `final`: none before the segment closes. */
type EmitMode = "changes" | "all" | "final";

/** How sessions are cut, scored and kept; unset fields have the defaults of `defaultTrackerSettings`. */
export interface TrackerSettings {
  readonly scorer: SessionScorer;
  /** A longer gap between two events starts the next segment. */
  readonly idleSecs: number;
  /** An event later than this after a segment's first one starts the next segment. */
  readonly maxAgeSecs: number;
  /** Events until a segment is first scored. */
  readonly minWindowSize: number;
  /** Events from one online score to the next. */
  readonly scoreEvery: number;
  readonly maxEventsPerSegment: number;
  /** How far an event may lie behind the newest event time and still change its session. */
  readonly retentionSecs: number;
  /**
   * Close sessions by event time: what is idle for too long against the newest event time is closed, and what lies further
   * behind than the retention is too late. For live streams. Off for input that ends, such as files of several hosts read one
   * after the other: there, sessions are cut by their own gaps alone, and closed at the end of input.
   */
  readonly followsEventTime: boolean;
  /** The newest event time is what `advanceTo` says: this tracker sees only some of the sessions. */
  readonly isTimeGiven: boolean;
  /** An event time further ahead of the clock is not believed; the event counts as one without a time. */
  readonly maxFutureSecs: number;
  /** Beyond this, the sessions that have been quiet longest are closed. */
  readonly maxOpenSessions: number;
  /** Beyond this, the events of sessions closed longest ago are forgotten. */
  readonly maxRetainedEvents: number;
  /** Keys of forgotten sessions whose segment numbers are kept, so that a returning key continues them. */
  readonly maxRememberedKeys: number;
  readonly emit: EmitMode;
  /** Is told how many events of a batch came too late to change their session. */
  readonly onLate: (events: number) => void;
  /** Collect what `takeChanges` hands out. */
  readonly recordChanges: boolean;
}

export const defaultTrackerSettings = {
  idleSecs: 1800,
  maxAgeSecs: 28_800,
  minWindowSize: 8,
  scoreEvery: 4,
  maxEventsPerSegment: 10_000,
  retentionSecs: 3600,
  followsEventTime: true,
  isTimeGiven: false,
  maxFutureSecs: 300,
  maxOpenSessions: 50_000,
  maxRetainedEvents: 1_000_000,
  maxRememberedKeys: 100_000,
  emit: "changes",
  onLate: () => undefined,
  recordChanges: false,
} as const satisfies Omit<TrackerSettings, "scorer">;

/** The settings as the segment code reads them: times in milliseconds. */
export interface SegmentRules {
  readonly scorer: SessionScorer;
  readonly space: FeatureSpace;
  readonly idleMs: number;
  readonly maxAgeMs: number;
  readonly maxEvents: number;
  readonly minWindowSize: number;
  readonly scoreEvery: number;
  readonly emit: EmitMode;
}

export function segmentRules(settings: TrackerSettings): SegmentRules {
  return {
    scorer: settings.scorer,
    space: settings.scorer.space,
    idleMs: settings.idleSecs * 1000,
    maxAgeMs: settings.maxAgeSecs * 1000,
    maxEvents: settings.maxEventsPerSegment,
    minWindowSize: settings.minWindowSize,
    scoreEvery: settings.scoreEvery,
    emit: settings.emit,
  };
}

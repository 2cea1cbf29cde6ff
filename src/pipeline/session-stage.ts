import type { LabelledEvent } from "../event/label.ts";
import type { Verdict } from "../event/verdict.ts";
import type { State, Step } from "../state/open-state.ts";

/** What the session stage wants stored with the step it has just made. */
export type SessionChanges = Pick<Step, "addEvents" | "forget" | "sessionMeta">;

/** What a state remembers of sessions. */
export type StoredSessions = Pick<State, "sessionMeta" | "sessionKeys" | "eventsOf">;

/** Where a pipeline keeps what it goes on from; as `State`, but storing may take a while. */
export interface PipelineState extends StoredSessions, Pick<State, "load"> {
  commit(step: Step): void | Promise<void>;
  startSink(position: string): void | Promise<void>;
}

/** Sessions as the pipeline sees them. */
export interface SessionStage {
  /** Takes events of any order; gives the verdicts they lead to. */
  add(events: readonly LabelledEvent[]): readonly Verdict[];
  /** Closes what has been idle by the wall clock, for live sources that have gone quiet. */
  closeIdle(nowMs: number): readonly Verdict[];
  /** In place of `closeIdle` while a live source has never had anything. */
  rest?(): Promise<void>;
  /** End of input: final verdicts for everything open. */
  closeAll(): readonly Verdict[];
  /** What to store for all calls since the last `changes`. */
  changes(): SessionChanges;
  /** Builds the sessions anew from stored labels, before the first `add`. */
  restore(state: StoredSessions): void;
}

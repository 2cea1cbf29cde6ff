import type { EventRow } from "../cluster/event-row.ts";
import type { JudgedView } from "../cluster/judged-marks.ts";
import type { PartitionState, PartitionStep } from "../cluster/partition-step.ts";
import type { StreamEntry } from "../cluster/stream-entry.ts";
import { type Mark, Watermarks } from "../cluster/watermarks.ts";
import type { DetectStage, Forward } from "../detect/detect-stage.ts";
import type { Alert } from "../event/alert.ts";
import type { Verdict } from "../event/verdict.ts";
import type { SessionEvent } from "../session/event-store.ts";
import type { SessionTracker } from "../session/session-tracker.ts";
import type { StoredEvent } from "../session/stored-event.ts";
import { MatchOutbox } from "./match-outbox.ts";

export interface JudgeParts {
  /** A fresh one, with `isTimeGiven` and `recordChanges`. */
  readonly tracker: SessionTracker;
  /** Rules over verdicts, and correlations; `forward` takes what others count. Absent: no rules are asked. */
  readonly createDetection?: ((forward: Forward) => DetectStage) | undefined;
  readonly partitions: number;
  /** Tags of the vocabulary, by place. */
  readonly tags: readonly string[];
  /** Slices that may still bring events. */
  readonly open: () => readonly string[];
  /** How often idle sessions are closed by the clock while nothing comes; absent for input that ends. */
  readonly tickMs?: number | undefined;
  readonly now: () => number;
}

/** What a step writes and stores; nothing to store when nothing has changed. */
export interface JudgedStep {
  readonly verdicts: readonly Verdict[];
  readonly alerts: readonly Alert[];
  readonly step?: PartitionStep;
}

/** The sessions and correlations of a partition with what they are told of time. */
export class PartitionJudge {
  readonly #parts: JudgeParts;
  readonly #watermarks: Watermarks;
  /** Of the events that all partitions have judged. */
  readonly #judged = new Watermarks();
  readonly #matches: MatchOutbox;
  readonly #detection: DetectStage | undefined;
  #verdicts: Verdict[] = [];
  /** So many of the verdicts have been shown to the rules. */
  #shown = 0;
  #alerts: Alert[] = [];
  #quietSinceMs: number;
  /** When idle sessions were last closed by the clock. */
  #closedMs: number;
  #isClosed = false;
  #hasMore = false;

  constructor(parts: JudgeParts, state: PartitionState) {
    this.#parts = parts;
    this.#watermarks = new Watermarks(state.marks);
    this.#quietSinceMs = parts.now();
    this.#closedMs = this.#quietSinceMs;
    this.#matches = new MatchOutbox(parts.partitions);
    this.#detection = parts.createDetection?.(this.#matches.add);
    this.#detection?.restore(state.detection ?? []);
    const { meta, events, notes } = state;
    if (meta === undefined) return;
    const stored = events.map(storedEventOf);
    const kept = notes.map(([sessionKey, note]) => ({ sessionKey, note }));
    parts.tracker.restore(stored, kept, meta, parts.now());
  }

  take({ slice, beforeMs, afterMs, rows, matches = [] }: StreamEntry): void {
    const { tracker, tags, now } = this.#parts;
    this.#watermarks.note(slice, beforeMs);
    this.#advance();
    const events = rows.map((row) => sessionEventOf(row, tags));
    this.#verdicts.push(...tracker.add(events, now()));
    this.#alerts.push(...(this.#detection?.take(matches) ?? []));
    this.#watermarks.note(slice, afterMs);
    this.#advance();
    this.#isClosed = false;
    this.#quietSinceMs = now();
  }

  /** All that was there is taken: how far the slices had come before, and how far all partitions had judged. */
  takeMarks(marks: ReadonlyMap<string, Mark>, judged: JudgedView | undefined): void {
    for (const [slice, mark] of marks) this.#watermarks.note(slice, mark);
    this.#advance();
    if (judged !== undefined) this.#correlate(judged);
    const { tracker, tickMs, now } = this.#parts;
    const sinceMs = tracker.closesByClock ? this.#closedMs : this.#quietSinceMs;
    if (tickMs === undefined || now() - sinceMs < tickMs) return;
    this.#verdicts.push(...tracker.closeIdle(now()));
    this.#quietSinceMs = now();
    this.#closedMs = now();
  }

  /** The input has ended, and this partition has all of it. */
  end(): void {
    if (this.#isClosed) return;
    this.#verdicts.push(...this.#parts.tracker.closeAll());
    this.#isClosed = true;
  }

  /** All partitions have judged all there was, and this one has what they sent. */
  finish(): void {
    this.#showVerdicts();
    this.#correlateUntil(Number.POSITIVE_INFINITY);
  }

  /** Whether correlations have more to do at once, once the step is stored. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /** What has come of all since the last step. `isJudged`: the others are to know that this partition has judged all there was. */
  step(lastEntry: string | undefined, isJudged: boolean): JudgedStep {
    this.#showVerdicts();
    const { events, notes, expired, forgotten, meta } = this.#parts.tracker.takeChanges();
    const { detection } = this.#detection?.changes() ?? {};
    const output = { verdicts: this.#verdicts, alerts: this.#alerts };
    const matches = this.#matches.take();
    this.#verdicts = [];
    this.#alerts = [];
    this.#shown = 0;
    const sizes = [events, notes, expired, forgotten, output.verdicts, output.alerts].map(({ length }) => length);
    const isUnchanged = sizes.every((size) => size === 0) && detection === undefined && matches.size === 0;
    if (lastEntry === undefined && isUnchanged && !isJudged) return output;
    const changedNotes = notes.map(({ sessionKey, note }): [string, string | null] => [sessionKey, note]);
    const step = {
      ...(lastEntry !== undefined && { lastEntry }),
      meta,
      marks: this.#watermarks.store(this.#parts.open()),
      addEvents: events,
      expired,
      notes: [...changedNotes, ...forgotten.map((sessionKey): [string, null] => [sessionKey, null])],
      ...(detection !== undefined && { detection }),
      matches,
      isJudged,
    };
    return { ...output, step };
  }

  #advance(): void {
    const lowMs = this.#watermarks.lowMs(this.#parts.open());
    if (Number.isFinite(lowMs)) this.#verdicts.push(...this.#parts.tracker.advanceTo(lowMs));
  }

  /** Correlations wait for verdicts, too; when no slice has anything to read they go by the clock. */
  #correlate({ marks, slices, done }: JudgedView): void {
    for (const [slice, mark] of marks) this.#judged.note(slice, mark);
    const open = [...slices, ...this.#parts.open()].filter((slice) => !done.has(slice));
    const { tickMs, now } = this.#parts;
    const isResting = tickMs !== undefined && this.#judged.areIdle(open);
    const reachedMs = isResting ? now() : this.#judged.lowMs(open);
    if (Number.isFinite(reachedMs)) this.#correlateUntil(reachedMs);
  }

  #correlateUntil(timeMs: number): void {
    const { alerts = [], hasMore = false } = this.#detection?.advanceTo(timeMs) ?? {};
    this.#alerts.push(...alerts);
    this.#hasMore = hasMore;
  }

  #showVerdicts(): void {
    const verdicts = this.#verdicts.slice(this.#shown);
    this.#shown = this.#verdicts.length;
    if (verdicts.length > 0) this.#alerts.push(...(this.#detection?.add([], verdicts) ?? []));
  }
}

function sessionEventOf({ labels, sequence, ...event }: EventRow, tags: readonly string[]): SessionEvent {
  const topLabels = labels.map(([tag, score]) => ({
    label_id: typeof tag === "number" ? (tags[tag] ?? "") : tag,
    score,
    axis: "",
  }));
  return { event: { ...event, origin: { sequence } }, topLabels };
}

function storedEventOf({ timeMs = 0, ...row }: EventRow): StoredEvent {
  return { ...row, timeMs };
}

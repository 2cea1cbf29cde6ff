import type { EventLog } from "./event-log.ts";
import { Segment } from "./segment.ts";

/** What outlives a session's events: where its segment numbers and times continue. */
export interface SessionBase {
  /** Segments forgotten so far. */
  readonly segments: number;
  /** Time of the last forgotten event; events up to then are too late. */
  readonly untilMs: number;
}

export const newSession: SessionBase = { segments: 0, untilMs: Number.NEGATIVE_INFINITY };

/** One session key with its retained events; all but the last segment are closed. */
export class TrackedSession {
  readonly key: string;
  base: SessionBase;
  readonly log: EventLog;
  segments: readonly Segment[] = [];
  /** The last one. */
  current: Segment | undefined;
  /** First position in event order where events were inserted since the segments were cut; -1 for none. */
  insertedAt = -1;
  /** Number of the last arrival among all arrivals, and its clock time. */
  arrival = 0;
  arrivedMs = Number.POSITIVE_INFINITY;
  /** Whether it counts as open; undefined before it has been settled. */
  settledOpen: boolean | undefined;
  /** When it is next looked at, in event time. */
  dueMs = Number.POSITIVE_INFINITY;

  constructor(log: EventLog, key: string, base: SessionBase) {
    this.log = log;
    this.key = key;
    this.base = base;
  }

  get isOpen(): boolean {
    return this.current?.closed === false;
  }

  get lastTimeMs(): number {
    return this.current?.lastTimeMs ?? this.base.untilMs;
  }

  replaceSegments(segments: readonly Segment[]): void {
    this.segments = segments;
    this.current = segments[segments.length - 1];
  }

  startSegment(position: number): Segment {
    const segment = new Segment(position);
    this.replaceSegments([...this.segments, segment]);
    return segment;
  }

  /** Drops its first segments with their events. */
  forget(count: number): void {
    const last = this.segments[count - 1];
    if (last === undefined) return;
    const events = last.start + last.count;
    this.log.forget(events);
    this.base = { segments: this.base.segments + count, untilMs: last.lastTimeMs };
    this.replaceSegments(this.segments.slice(count));
    for (const segment of this.segments) segment.start -= events;
  }
}

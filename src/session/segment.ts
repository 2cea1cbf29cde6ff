import type { SessionLabel } from "../event/verdict.ts";
import type { EventLog } from "./event-log.ts";
import { FeatureAccumulator, type FeatureSpace } from "./feature-accumulator.ts";
import type { SegmentRules } from "./tracker-settings.ts";

const maxTags = 64;
const maxNames = 8;

/** What a running segment knows beyond its place in the log. */
export class SegmentState {
  readonly features: FeatureAccumulator;
  /** Selected tags in event order, runs once. */
  readonly tags: number[] = [];
  readonly hosts: string[] = [];
  readonly users: string[] = [];

  constructor(space: FeatureSpace) {
    this.features = new FeatureAccumulator(space);
  }

  add(log: EventLog, index: number): void {
    this.features.add(log.labels, index);
    this.#addTags(log, index);
    const place = log.place(index);
    addName(this.hosts, place?.host);
    addName(this.users, place?.user);
  }

  #addTags({ labels }: EventLog, index: number): void {
    const start = labels.start(index);
    const end = start + (labels.selected[index] ?? 0);
    for (let i = start; i < end && this.tags.length < maxTags; i += 1) {
      const tag = labels.tags[i] ?? 0;
      if (tag !== this.tags[this.tags.length - 1]) this.tags.push(tag);
    }
  }
}

function addName(names: string[], name: string | undefined): void {
  if (name !== undefined && names.length < maxNames && !names.includes(name)) names.push(name);
}

/** A run of a session's events that is judged as one. */
export class Segment {
  /** Position of its first event in event order. */
  start: number;
  count = 0;
  firstTimeMs = 0;
  lastTimeMs = 0;
  /** Places of its first and last event in the log: with `count` they say whether two segments hold the same events. */
  firstIndex = 0;
  lastIndex = 0;
  /** Its last verdict was final. */
  closed = false;
  /** Label of its last verdict, if there was one. */
  emitted: SessionLabel | undefined;
  /** Kept while the segment runs. */
  state: SegmentState | undefined;

  constructor(start: number) {
    this.start = start;
  }

  /** Takes in the event at place `index` of the log, which follows in event order. */
  extend(log: EventLog, index: number): void {
    const timeMs = log.times[index] ?? 0;
    if (this.count === 0) {
      this.firstTimeMs = timeMs;
      this.firstIndex = index;
    }
    this.count += 1;
    this.lastTimeMs = timeMs;
    this.lastIndex = index;
    this.state?.add(log, index);
  }

  /** Computes its state from the log. */
  replay(space: FeatureSpace, log: EventLog): SegmentState {
    const state = new SegmentState(space);
    for (let i = this.start; i < this.start + this.count; i += 1) state.add(log, log.order[i] ?? 0);
    this.state = state;
    return state;
  }

  holdsSameEvents(other: Segment): boolean {
    return this.count === other.count && this.firstIndex === other.firstIndex && this.lastIndex === other.lastIndex;
  }
}

/** Whether an event at `timeMs` belongs to the segment after `segment`. */
export function startsNext(segment: Segment, timeMs: number, rules: SegmentRules): boolean {
  return (
    timeMs - segment.lastTimeMs > rules.idleMs ||
    timeMs - segment.firstTimeMs > rules.maxAgeMs ||
    segment.count >= rules.maxEvents
  );
}

/** Cuts the events from `start` in event order into segments. */
export function cutSegments(log: EventLog, start: number, rules: SegmentRules): Segment[] {
  const segments: Segment[] = [];
  let current: Segment | undefined;
  for (let position = start; position < log.length; position += 1) {
    const index = log.order[position] ?? 0;
    if (current === undefined || startsNext(current, log.times[index] ?? 0, rules)) {
      current = new Segment(position);
      segments.push(current);
    }
    current.extend(log, index);
  }
  return segments;
}

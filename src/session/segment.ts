import type { SessionLabel } from "../event/verdict.ts";
import type { EventLog } from "./event-log.ts";
import type { FeatureAccumulator } from "./feature-accumulator.ts";
import type { SessionScorer } from "./session-scorer.ts";
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

  constructor(features: FeatureAccumulator) {
    this.features = features;
  }

  add(log: EventLog, index: number): void {
    this.features.add(log.store, index);
    this.#addTags(log, index);
    const place = log.placeAt(index);
    addName(this.hosts, place?.host);
    addName(this.users, place?.user);
  }

  #addTags({ store }: EventLog, index: number): void {
    const start = index * store.width;
    const end = start + (store.selected[index] ?? 0);
    for (let i = start; i < end && this.tags.length < maxTags; i += 1) {
      const tag = store.tags[i] ?? 0;
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
  /** Places of its first and last event in the store: with `count` they say whether two segments hold the same events. */
  firstIndex = 0;
  lastIndex = 0;
  /** Its last verdict was final. */
  closed = false;
  /** Label of its last verdict, if there was one. */
  emitted: SessionLabel | undefined;
  #state: SegmentState | undefined;

  constructor(start: number) {
    this.start = start;
  }

  /** Takes in the event at place `index` of the store, which follows in event order. */
  extend(index: number, timeMs: number): void {
    if (this.count === 0) {
      this.firstTimeMs = timeMs;
      this.firstIndex = index;
    }
    this.count += 1;
    this.lastTimeMs = timeMs;
    this.lastIndex = index;
  }

  /** Its state with all its events added; done when it is judged, some events at a time, as that is faster. */
  catchUp(scorer: SessionScorer, log: EventLog): SegmentState {
    this.#state ??= new SegmentState(scorer.start());
    const state = this.#state;
    for (let i = state.features.events; i < this.count; i += 1) state.add(log, log.order[this.start + i] ?? 0);
    return state;
  }

  /** Takes over what another segment has computed of the same events. */
  adopt(other: Segment): void {
    this.#state = other.#state;
  }

  /** Gives its final verdict back as memory: a closed segment is computed anew should it ever change. */
  close(): void {
    this.closed = true;
    this.#state = undefined;
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
    if (current === undefined || startsNext(current, log.timeAt(position), rules)) {
      current = new Segment(position);
      segments.push(current);
    }
    current.extend(index, log.timeAt(position));
  }
  return segments;
}

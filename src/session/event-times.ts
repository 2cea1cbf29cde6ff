import type { SessionEvent } from "./event-store.ts";

/** How an event's time is found when its own is missing or not believable. */
export interface TimeRule {
  /** Times after this are not believed. */
  readonly latestMs: number;
  /** Time of the last event of a key before the batch, if there was one. */
  readonly lastOf: (key: string) => number | undefined;
  /** For a key without events. */
  readonly fallbackMs: number;
}

/** The times of a batch, and how many are not the events' own. */
export interface BatchTimes {
  readonly times: Float64Array;
  readonly replaced: number;
}

/** Times of a batch, event by event; an event without one has the time of the event of its session before it. */
export function eventTimes(batch: readonly SessionEvent[], rule: TimeRule): BatchTimes {
  const times = new Float64Array(batch.length);
  let replaced = 0;
  for (let i = 0; i < batch.length; i += 1) {
    const timeMs = batch[i]?.event.timeMs;
    const isOwn = isTime(timeMs, rule.latestMs);
    times[i] = isOwn ? timeMs : Number.NaN;
    if (!isOwn) replaced += 1;
  }
  if (replaced > 0) fillTimes(batch, times, rule);
  return { times, replaced };
}

function isTime(timeMs: number | undefined, latestMs: number): timeMs is number {
  return timeMs !== undefined && Number.isFinite(timeMs) && timeMs <= latestMs;
}

function fillTimes(batch: readonly SessionEvent[], times: Float64Array, rule: TimeRule): void {
  const last = new Map<string, number>();
  batch.forEach(({ event: { sessionKey } }, i) => {
    if (Number.isNaN(times[i])) times[i] = last.get(sessionKey) ?? rule.lastOf(sessionKey) ?? rule.fallbackMs;
    last.set(sessionKey, times[i] ?? 0);
  });
}

/** Places of a batch in order of time; undefined when it is in order already, as it nearly always is. */
export function timeOrder(times: Float64Array): number[] | undefined {
  let sorted = true;
  for (let i = 1; i < times.length && sorted; i += 1) sorted = (times[i - 1] ?? 0) <= (times[i] ?? 0);
  if (sorted) return undefined;
  return [...times.keys()].sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareEventOrder } from "../../src/event/event.ts";
import type { Verdict } from "../../src/event/verdict.ts";
import type { SessionEvent } from "../../src/session/event-store.ts";
import { accumulateSession } from "../../src/session/score-session.ts";
import { createSessionTracker, type SessionTracker, type TrackerOptions } from "../../src/session/session-tracker.ts";
import type { StoredEvent } from "../../src/session/stored-event.ts";
import { eventsArbitrary, lastVerdicts, sampleScorer } from "./session-samples.ts";

const idleMs = 1_800_000;
const maxAgeMs = 7_200_000;
const maxEvents = 12;
const options: TrackerOptions = {
  scorer: sampleScorer,
  maxAgeSecs: maxAgeMs / 1000,
  maxEventsPerSegment: maxEvents,
  retentionSecs: 1_000_000,
};
const nowMs = 1_900_000_000_000;

/** Final verdicts from the definition: group by key, sort, cut, score. */
function oracleVerdicts(events: readonly SessionEvent[]): Map<string, { events: number; score: number }> {
  const verdicts = new Map<string, { events: number; score: number }>();
  for (const key of new Set(events.map(({ event }) => event.sessionKey))) {
    const sorted = events
      .filter(({ event }) => event.sessionKey === key)
      .sort((a, b) => compareEventOrder(orderOf(a), orderOf(b)));
    const segments: SessionEvent[][] = [];
    for (const event of sorted) {
      const segment = segments.at(-1);
      const [first, last] = [segment?.[0], segment?.at(-1)];
      const fits =
        segment !== undefined &&
        first !== undefined &&
        last !== undefined &&
        orderOf(event).timeMs - orderOf(last).timeMs <= idleMs &&
        orderOf(event).timeMs - orderOf(first).timeMs <= maxAgeMs &&
        segment.length < maxEvents;
      if (fits) segment.push(event);
      else segments.push([event]);
    }
    segments.forEach((segment, i) => {
      const labels = segment.map(({ topLabels }) => topLabels);
      const score = sampleScorer.score(accumulateSession(sampleScorer.space, labels)).riskProbability;
      verdicts.set(i === 0 ? key : `${key}#part${i + 1}`, { events: segment.length, score });
    });
  }
  return new Map([...verdicts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function orderOf({ event }: SessionEvent) {
  return { timeMs: event.timeMs ?? 0, sequence: event.origin.sequence, id: event.id };
}

function batches(events: readonly SessionEvent[], sizes: readonly number[]): SessionEvent[][] {
  const cut: SessionEvent[][] = [];
  let start = 0;
  for (let i = 0; start < events.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    cut.push(events.slice(start, start + size));
    start += size;
  }
  return cut;
}

function run(tracker: SessionTracker, parts: readonly SessionEvent[][]): Verdict[] {
  return [...parts.flatMap((part) => tracker.add(part, nowMs)), ...tracker.closeAll()];
}

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const shuffledArbitrary = eventsArbitrary.chain((events) =>
  fc.record({
    events: fc.constant(events),
    arrival: fc.shuffledSubarray(events, { minLength: events.length }),
    again: fc.subarray(events),
    sizes: sizesArbitrary,
  }),
);

/** What a runtime keeps between two runs, changed step by step as the tracker says. */
class Store {
  readonly events = new Map<string, StoredEvent>();
  readonly notes = new Map<string, string>();
  meta = "";

  apply(tracker: SessionTracker): void {
    const changes = tracker.takeChanges();
    for (const event of changes.events) this.events.set(`${event.sessionKey}/${event.id}`, event);
    for (const { sessionKey, note } of changes.notes) this.notes.set(sessionKey, note);
    for (const { sessionKey, untilTimeMs } of changes.expired) {
      for (const [id, event] of this.events) {
        if (event.sessionKey === sessionKey && event.timeMs <= untilTimeMs) this.events.delete(id);
      }
    }
    for (const sessionKey of changes.forgotten) this.notes.delete(sessionKey);
    this.meta = changes.meta;
  }

  restored(settings: TrackerOptions): SessionTracker {
    const tracker = createSessionTracker(settings);
    const notes = [...this.notes].map(([sessionKey, note]) => ({ sessionKey, note }));
    tracker.restore(JSON.parse(JSON.stringify([...this.events.values()].reverse())), notes, this.meta, nowMs);
    return tracker;
  }
}

describe("session tracker", () => {
  for (const emit of ["changes", "all", "final"] as const) {
    it(`leaves the verdicts of event order behind, whatever the order of arrival (emit ${emit})`, () => {
      fc.assert(
        fc.property(shuffledArbitrary, ({ events, arrival, again, sizes }) => {
          const tracker = createSessionTracker({ ...options, emit });
          const last = lastVerdicts(run(tracker, batches([...arrival, ...again], sizes)));
          const wanted = oracleVerdicts(events);
          expect([...last.keys()]).toEqual([...wanted.keys()]);
          for (const [id, verdict] of last) {
            expect(verdict.phase).toBe("final");
            expect(verdict.events).toBe(wanted.get(id)?.events);
            expect(verdict.score).toBeCloseTo(wanted.get(id)?.score ?? Number.NaN, 9);
          }
          expect(tracker.stats.duplicates).toBe(again.length);
          expect(tracker.stats.lateDropped).toBe(0);
        }),
        { numRuns: 200 },
      );
    });
  }

  it("gives the same verdicts, one by one, however often it is stopped and restored", () => {
    fc.assert(
      fc.property(
        shuffledArbitrary,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(1_000_000, 1800, 60),
        fc.constantFrom("changes" as const, "all" as const),
        ({ arrival, sizes }, stops, retentionSecs, emit) => {
          const settings = { ...options, retentionSecs, emit, recordChanges: true };
          const parts = batches(arrival, sizes);
          const undisturbed = run(createSessionTracker(settings), parts);
          const store = new Store();
          let tracker = createSessionTracker(settings);
          const verdicts: Verdict[] = [];
          parts.forEach((part, i) => {
            verdicts.push(...tracker.add(part, nowMs));
            store.apply(tracker);
            if (stops[i % stops.length] === true) tracker = store.restored(settings);
          });
          verdicts.push(...tracker.closeAll());
          expect(verdicts).toEqual(undisturbed);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("forgets in the store what it forgets itself, and changes no verdict by it", () => {
    fc.assert(
      fc.property(eventsArbitrary, sizesArbitrary, (events, sizes) => {
        const settings = { ...options, retentionSecs: 60, recordChanges: true };
        const tracker = createSessionTracker(settings);
        const store = new Store();
        const verdicts = batches(events, sizes).flatMap((part) => {
          const found = tracker.add(part, nowMs);
          store.apply(tracker);
          return found;
        });
        expect(store.events.size).toBe(tracker.stats.retainedEvents);
        const last = lastVerdicts([...verdicts, ...tracker.closeAll()]);
        expect([...last.values()].map((verdict) => verdict.events)).toEqual(
          [...oracleVerdicts(events).values()].map((verdict) => verdict.events),
        );
      }),
      { numRuns: 200 },
    );
  });
});

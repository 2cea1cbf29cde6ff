import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventRow } from "../../src/cluster/event-row.ts";
import type { HeldLease } from "../../src/cluster/held-lease.ts";
import type { PartitionState, PartitionStep } from "../../src/cluster/partition-step.ts";
import type { PartitionStore } from "../../src/cluster/partition-store.ts";
import { decodeEntry, encodeEntry, type StreamEntry } from "../../src/cluster/stream-entry.ts";
import type { LabelledEvent } from "../../src/event/label.ts";
import type { Verdict } from "../../src/event/verdict.ts";
import { runPartition } from "../../src/pipeline/run-partition.ts";
import { createSliceStage } from "../../src/pipeline/slice-stage.ts";
import type { Output } from "../../src/sdk/sink.ts";
import type { SessionEvent } from "../../src/session/event-store.ts";
import { createSessionTracker, type TrackerOptions } from "../../src/session/session-tracker.ts";
import { eventsArbitrary, lastVerdicts, sampleScorer, vocabulary } from "./session-samples.ts";

const nowMs = 1_900_000_000_000;
const partitions = 2;
const tags = vocabulary.tags.map(({ id }) => id);
const never = new AbortController().signal;
const lease: HeldLease = {
  resource: "slice/a",
  owner: { node: "n", token: 1 },
  lost: never,
  check: () => undefined,
  guard: (work) => work,
  release: async () => undefined,
};

/** The stream and the state of one partition, in memory. */
class MemoryPartition {
  readonly entries: StreamEntry[] = [];
  #events: EventRow[] = [];
  readonly #notes = new Map<string, string>();
  #last = 0;
  #rest: Pick<PartitionState, "meta" | "marks"> = { marks: {} };

  /** For an owner that commits at most `steps` times, and then is gone. */
  store(steps: number): PartitionStore {
    let at = this.#last;
    let left = steps;
    return {
      load: async () => ({ ...this.#rest, events: [...this.#events], notes: [...this.#notes] }),
      read: async () => {
        // Few at a time: the owners change in between.
        const found = this.entries.slice(at, at + 2).map((entry, n) => ({ id: String(at + n + 1), entry }));
        at += found.length;
        return { entries: found, hasAll: at === this.entries.length };
      },
      commit: async (step) => {
        if (left <= 0) throw new Error("gone");
        left -= 1;
        this.#commit(step);
      },
      finish: async () => undefined,
    };
  }

  #commit({ lastEntry, meta, marks, addEvents, expired, notes }: PartitionStep): void {
    this.#last = lastEntry === undefined ? this.#last : Number(lastEntry);
    this.#rest = { marks, ...(meta !== undefined && { meta }) };
    const until = new Map(expired.map(({ sessionKey, untilTimeMs }) => [sessionKey, untilTimeMs]));
    const isKept = ({ sessionKey, timeMs = 0 }: EventRow): boolean =>
      timeMs > (until.get(sessionKey) ?? Number.NEGATIVE_INFINITY);
    this.#events = [...this.#events, ...addEvents].filter(isKept);
    for (const [key, note] of notes) {
      if (note === null) this.#notes.delete(key);
      else this.#notes.set(key, note);
    }
  }
}

function inBatches(events: readonly SessionEvent[], sizes: readonly number[]): SessionEvent[][] {
  const batches: SessionEvent[][] = [];
  for (let start = 0, n = 0; start < events.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    batches.push(events.slice(start, start + size));
    start += size;
  }
  return batches;
}

function labelled({ event, topLabels }: SessionEvent): LabelledEvent {
  const origin = { source: "s", container: "c", document: "d", ...event.origin };
  return { event: { ...event, text: "", sessionKeyFrom: "", mapping: "", origin }, topLabels, tags: [] };
}

/** The verdicts on the batches of all slices that the owners of the partitions come to; each owner is gone after so many commits. */
async function judgeShared(
  slices: readonly (readonly (readonly SessionEvent[])[])[],
  options: TrackerOptions,
  lives: readonly number[],
): Promise<Verdict[]> {
  const all = Array.from({ length: partitions }, () => new MemoryPartition());
  const store = {
    load: async () => ({}),
    commit: async ({ entries }: { readonly entries: ReadonlyMap<number, StreamEntry> }) => {
      for (const [partition, entry] of entries) all[partition]?.entries.push(decodeEntry(encodeEntry(entry)));
    },
    finish: async () => undefined,
  };
  const names = slices.map((_, n) => `slice/${n}`);
  // The first slice is read to its end before the next one begins.
  for (const [n, batches] of slices.entries()) {
    const latestMs = (): number => nowMs + 300_000;
    const stage = createSliceStage({ slice: names[n] ?? "", partitions, tags, store, checkpoint: {}, latestMs });
    for (const batch of batches) {
      stage.sessions.add(batch.map(labelled));
      await stage.state.commit({ source: "s", cursor: "", sinkPosition: "" });
    }
  }
  const verdicts: Verdict[] = [];
  const sink = { name: "s", open: async () => undefined, write: async () => "0", close: async () => undefined };
  for (const partition of all) {
    for (let owner = 0; ; owner += 1) {
      const life = owner < 20 ? (lives[owner % lives.length] ?? 1) : 1_000;
      const tracker = createSessionTracker({ ...options, isTimeGiven: true, recordChanges: true });
      const parts = {
        store: partition.store(life),
        tracker,
        sink,
        tags,
        partitions,
        slices: () => ({ open: names, isOver: true, judged: new Set<string>(), isJudged: false }),
        marks: async () => ({ marks: new Map(), isCurrent: () => true }),
        pollMs: 0,
        now: () => nowMs,
        random: () => 0,
        onOutput: (output: Output) => void verdicts.push(...output.verdicts),
      };
      const end = await runPartition(lease, parts, never).catch((error: unknown) => String(error));
      if (end === "done") break;
    }
  }
  return verdicts;
}

describe("partitions of sessions", () => {
  const settings = {
    events: eventsArbitrary,
    shuffled: fc.array(fc.nat(), { minLength: 3, maxLength: 8 }),
    sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
    lives: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
    retentionSecs: fc.constantFrom(0, 600, 3_600),
    followsEventTime: fc.boolean(),
  };

  it("come to the verdicts of one tracker, late events and changing owners included", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record(settings),
        async ({ events, shuffled, sizes, lives, retentionSecs, followsEventTime }) => {
          // Some events come long after their time.
          const late = [...events];
          shuffled.forEach((seed, n) => {
            const [event] = late.splice(seed % late.length, 1);
            if (event !== undefined) late.splice(Math.min(late.length, (seed % late.length || 0) + 5 * n), 0, event);
          });
          const options = { scorer: sampleScorer, retentionSecs, followsEventTime, emit: "changes" as const };
          const batches = inBatches(late, sizes);
          const one = createSessionTracker(options);
          const expected = [...batches.flatMap((batch) => one.add(batch, nowMs)), ...one.closeAll()];
          const shared = await judgeShared([batches], options, lives);
          expect(lastVerdicts(shared)).toEqual(lastVerdicts(expected));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("call no event late because another slice was read faster", async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(settings), async ({ events, sizes, lives, retentionSecs, shuffled }) => {
        const of = (slice: number): SessionEvent[] =>
          events.filter((_, n) => ((shuffled[n % shuffled.length] ?? 0) + n) % 2 === slice);
        const options = { scorer: sampleScorer, followsEventTime: true, emit: "changes" as const };
        const one = createSessionTracker({ ...options, retentionSecs: 1_000_000 });
        const expected = [...one.add(events, nowMs), ...one.closeAll()];
        const slices = [inBatches(of(0), sizes), inBatches(of(1), sizes)];
        const shared = await judgeShared(slices, { ...options, retentionSecs }, lives);
        expect(lastVerdicts(shared)).toEqual(lastVerdicts(expected));
      }),
      { numRuns: 200 },
    );
  });
});

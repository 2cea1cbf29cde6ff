import { describe, expect, it } from "vitest";
import type { HeldLease } from "../../src/cluster/held-lease.ts";
import type { PartitionStore } from "../../src/cluster/partition-store.ts";
import { runPartition } from "../../src/pipeline/run-partition.ts";
import type { Output } from "../../src/sdk/sink.ts";
import { createSessionTracker } from "../../src/session/session-tracker.ts";
import { sampleScorer, vocabulary } from "../property/session-samples.ts";

const startMs = 1_900_000_000_000;
const lease: HeldLease = {
  resource: "partition/0",
  owner: { node: "n", token: 1 },
  lost: new AbortController().signal,
  check: () => undefined,
  guard: (work) => work,
  release: async () => undefined,
};

/** Verdicts of a partition that has one event, and hears that its slice is a day further. */
async function verdictsAfter(isCurrent: boolean): Promise<number> {
  const tags = vocabulary.tags.map(({ id }) => id);
  const row = {
    sessionKey: "s",
    id: "e1",
    timeMs: startMs,
    sequence: 1,
    platform: "linux",
    labels: [[0, 0.9]],
  } as const;
  const entry = { slice: "slice/a", beforeMs: undefined, afterMs: startMs, rows: [row] };
  const stop = new AbortController();
  let reads = 0;
  const store: PartitionStore = {
    load: async () => ({ marks: {}, notes: [], events: [] }),
    read: async () => {
      reads += 1;
      if (reads > 3) stop.abort();
      return { entries: reads === 1 ? [{ id: "1", entry }] : [], hasAll: true };
    },
    commit: async () => undefined,
    finish: async () => undefined,
  };
  const written: Output[] = [];
  const options = { scorer: sampleScorer, emit: "final" as const, isTimeGiven: true, recordChanges: true };
  const parts = {
    store,
    tracker: createSessionTracker(options),
    sink: { name: "s", open: async () => undefined, write: async () => "0", close: async () => undefined },
    tags,
    partitions: 1,
    slices: () => ({ open: ["slice/a"], isOver: false, judged: new Set<string>(), isJudged: false }),
    marks: async () => ({ marks: new Map([["slice/a", startMs + 86_400_000]]), isCurrent: () => isCurrent }),
    pollMs: 0,
    now: () => startMs,
    random: () => 0,
    onOutput: (output: Output) => void written.push(output),
  };
  await runPartition(lease, parts, stop.signal);
  return written.flatMap(({ verdicts }) => verdicts).length;
}

describe("a partition", () => {
  it("ends a session when its slice is further", async () => {
    expect(await verdictsAfter(true)).toBe(1);
  });

  it("ends none by what another server said: events before that may be lost there, and come again", async () => {
    expect(await verdictsAfter(false)).toBe(0);
  });
});

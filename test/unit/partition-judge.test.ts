import { describe, expect, it } from "vitest";
import type { EventRow } from "../../src/cluster/event-row.ts";
import { PartitionJudge } from "../../src/pipeline/partition-judge.ts";
import { createSessionTracker } from "../../src/session/session-tracker.ts";
import { sampleScorer, vocabulary } from "../property/session-samples.ts";

const startMs = Date.UTC(2026, 0, 1);
const slice = "slice/a";

function row(sessionKey: string, sequence: number, timeMs: number): EventRow {
  return { sessionKey, id: `${sessionKey}-${sequence}`, timeMs, sequence, platform: "linux", labels: [[0, 0.9]] };
}

/** Sessions that are closed while a session that goes on brings an event a second, for 75 seconds. */
function closedBeside(followsEventTime: boolean, timeMs: number): readonly string[] {
  let nowMs = startMs;
  const settings = { idleSecs: 60, retentionSecs: 60, emit: "final", isTimeGiven: true, recordChanges: true } as const;
  const judge = new PartitionJudge(
    {
      tracker: createSessionTracker({ scorer: sampleScorer, ...settings, followsEventTime }),
      partitions: 1,
      tags: vocabulary.tags.map(({ id }) => id),
      open: () => [slice],
      tickMs: 5_000,
      now: () => nowMs,
    },
    { marks: {}, notes: [], events: [] },
  );
  const found: string[] = [];
  judge.take({ slice, beforeMs: undefined, afterMs: startMs, rows: [row("other", 0, timeMs)] });
  for (let second = 1; second <= 75; second += 1) {
    const beforeMs = nowMs;
    nowMs += 1_000;
    judge.take({ slice, beforeMs, afterMs: nowMs, rows: [row("busy", second, nowMs)] });
    judge.takeMarks(new Map([[slice, nowMs]]), undefined);
    found.push(...judge.step(`${second}`, false).verdicts.map(({ id, events }) => `${id} ${events}`));
  }
  return found;
}

describe("a partition of a live source that is never quiet", () => {
  it("closes by event time what is idle where files are followed", () => {
    expect(closedBeside(true, startMs)).toEqual(["other 1"]);
  });

  it("closes by the clock where a search server is read, whatever the clock of a host says", () => {
    expect(closedBeside(false, startMs - 7_200_000)).toEqual(["other 1"]);
  });
});

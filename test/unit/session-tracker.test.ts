import { describe, expect, it } from "vitest";
import type { Label } from "../../src/event/label.ts";
import type { Verdict } from "../../src/event/verdict.ts";
import { createSessionStage } from "../../src/pipeline/create-session-stage.ts";
import type { SessionEvent } from "../../src/session/event-store.ts";
import { createSessionTracker, type TrackerOptions } from "../../src/session/session-tracker.ts";
import { sampleEvent, sampleScorer } from "../property/session-samples.ts";

const startMs = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;
const calm: Label[] = [{ label_id: "enumerate_packages", score: 0.9, axis: "" }];
const grave: Label[] = [
  { label_id: "upload_credential_material", score: 0.95, axis: "" },
  { label_id: "read_credential_material", score: 0.9, axis: "" },
  { label_id: "spawn_reverse_shell", score: 0.89, axis: "" },
];

function tracker(options: Partial<TrackerOptions> = {}) {
  return createSessionTracker({ scorer: sampleScorer, ...options });
}

/** `count` events of a session, a second apart. */
function run(key: string, count: number, fromMs = startMs, labels = calm, firstSequence = 0): SessionEvent[] {
  return Array.from({ length: count }, (_, i) =>
    sampleEvent(key, firstSequence + i, fromMs + i * 1000, labels, "web-1"),
  );
}

function brief(verdicts: readonly Verdict[]): string[] {
  return verdicts.map(({ id, phase, events, verdict }) => `${id} ${phase} ${events} ${verdict}`);
}

describe("online verdicts", () => {
  it("come at 8 events and then every 4 when all are wanted", () => {
    const t = tracker({ emit: "all" });
    const found = run("a", 17).flatMap((event) => t.add([event], startMs));
    expect(found.map((verdict) => verdict.events)).toEqual([8, 12, 16]);
    expect(brief(t.closeAll())).toEqual(["a final 17 normal_operation"]);
  });

  it("come first and when the label flips when changes are wanted", () => {
    const t = tracker();
    const events = [...run("a", 12), ...run("a", 36, startMs + minuteMs, grave, 12)];
    const found = events.flatMap((event) => t.add([event], startMs));
    expect(found.map(({ verdict }) => verdict)).toEqual(["normal_operation", "intrusion"]);
    expect(found[0]?.events).toBe(8);
  });

  it("do not come when only final ones are wanted", () => {
    const t = tracker({ emit: "final" });
    expect(t.add(run("a", 40), startMs)).toEqual([]);
    expect(brief(t.closeAll())).toEqual(["a final 40 normal_operation"]);
  });
});

describe("a verdict", () => {
  it("names tags in event order with runs once, hosts, users, times and the model", () => {
    const t = tracker();
    const events = [
      sampleEvent("a", 0, startMs, calm, "web-1"),
      sampleEvent("a", 1, startMs + 1, calm, "web-2"),
      sampleEvent("a", 2, startMs + 2, grave, "web-1"),
      sampleEvent("a", 3, startMs + 3, calm),
    ];
    t.add(events, startMs);
    expect(t.closeAll()).toMatchObject([
      {
        id: "a",
        sessionKey: "a",
        segment: 1,
        platform: "linux",
        firstTimeMs: startMs,
        lastTimeMs: startMs + 3,
        tags: [
          "enumerate_packages",
          "upload_credential_material",
          "read_credential_material",
          "spawn_reverse_shell",
          "enumerate_packages",
        ],
        hosts: ["web-1", "web-2"],
        users: ["user"],
        model: "sample@1",
        threshold: 0.5,
      },
    ]);
  });

  it("stays small however much a session holds", () => {
    const t = tracker();
    const events = Array.from({ length: 500 }, (_, i) =>
      sampleEvent(
        "a",
        i,
        startMs + i,
        [{ label_id: i % 2 === 0 ? "create_archive" : "enumerate_packages", score: 0.9, axis: "" }],
        `web-${i}`,
      ),
    );
    t.add(events, startMs + minuteMs);
    const [verdict] = t.closeAll();
    expect(verdict?.tags).toHaveLength(64);
    expect(verdict?.hosts).toHaveLength(8);
    expect(verdict?.contributions.length).toBeLessThanOrEqual(12);
  });
});

describe("segments", () => {
  it("end after the idle gap, after the maximal age and after the maximal number of events", () => {
    const gap = tracker({ idleSecs: 60, emit: "final" });
    expect(brief(gap.add([...run("a", 3), ...run("a", 2, startMs + 63_000, calm, 3)], startMs))).toEqual([
      "a final 3 normal_operation",
    ]);
    expect(brief(gap.closeAll())).toEqual(["a#part2 final 2 normal_operation"]);
    const age = tracker({ maxAgeSecs: 10, emit: "final" });
    expect(brief([...age.add(run("a", 15), startMs + minuteMs), ...age.closeAll()])).toEqual([
      "a final 11 normal_operation",
      "a#part2 final 4 normal_operation",
    ]);
    const size = tracker({ maxEventsPerSegment: 6, emit: "final" });
    expect(brief([...size.add(run("a", 7), startMs + minuteMs), ...size.closeAll()])).toEqual([
      "a final 6 normal_operation",
      "a#part2 final 1 normal_operation",
    ]);
  });

  it("close when event time has moved on, without events of their own", () => {
    const t = tracker({ idleSecs: 60, emit: "final" });
    t.add(run("a", 3), startMs);
    expect(t.add(run("b", 1, startMs + 62_000), startMs + minuteMs)).toEqual([]);
    expect(brief(t.add(run("b", 1, startMs + 62_001, calm, 1), startMs + minuteMs))).toEqual([
      "a final 3 normal_operation",
    ]);
  });

  it("close by the clock in a stream that has gone quiet, but not because the source lags", () => {
    const t = tracker({ idleSecs: 60, emit: "final" });
    const laterMs = startMs + 86_400_000;
    t.add(run("a", 3), laterMs);
    expect(t.closeIdle(laterMs + 60_000)).toEqual([]);
    expect(brief(t.closeIdle(laterMs + 60_001))).toEqual(["a final 3 normal_operation"]);
    expect(t.closeIdle(laterMs + 120_000)).toEqual([]);
  });

  it("open again when an event comes within the idle gap after all", () => {
    const t = tracker({ idleSecs: 60, emit: "final" });
    t.add(run("a", 3), startMs);
    t.closeIdle(startMs + 61_000);
    expect(t.add(run("a", 1, startMs + 10_000, calm, 3), startMs + 62_000)).toEqual([]);
    expect(brief(t.closeAll())).toEqual(["a final 4 normal_operation"]);
  });
});

describe("sessions of a live source that is never quiet and has no order of event times", () => {
  const settings = { followsEventTime: false, idleSecs: 60, retentionSecs: 60, emit: "final" } as const;

  it("close by the clock while others go on, whatever their own clocks say", () => {
    const t = tracker(settings);
    let nowMs = startMs;
    const stage = createSessionStage(t, () => nowMs, 10_000);
    const found: string[] = [];
    found.push(...brief(stage.add(run("skewed", 3, startMs - 7_200_000))));
    for (let second = 1; second <= 75; second += 1) {
      nowMs = startMs + second * 1_000;
      found.push(...brief(stage.add(run("busy", 1, nowMs, calm, second))));
    }
    expect(found).toEqual(["skewed final 3 normal_operation"]);
    expect(t.stats).toMatchObject({ openSessions: 1, lateDropped: 0 });
  });

  it("are forgotten once they were closed for longer than the retention, and continue with the next segment", () => {
    const t = tracker({ ...settings, recordChanges: true });
    t.add(run("a", 3), startMs);
    expect(brief(t.closeIdle(startMs + 61_000))).toEqual(["a final 3 normal_operation"]);
    expect(t.stats.retainedEvents).toBe(3);
    t.closeIdle(startMs + 121_000);
    expect(t.stats).toMatchObject({ openSessions: 0, retainedEvents: 0 });
    expect(t.takeChanges().expired).toEqual([{ sessionKey: "a", untilTimeMs: startMs + 2_000 }]);
    t.add(run("a", 1, startMs + 130_000, calm, 3), startMs + 130_000);
    expect(brief(t.closeAll())).toEqual(["a#part2 final 1 normal_operation"]);
  });

  it("keep of a key that never rests only what can still change", () => {
    const t = tracker({ ...settings, maxAgeSecs: 60 });
    for (let minute = 0; minute < 60; minute += 1) {
      const nowMs = startMs + minute * minuteMs;
      t.add(run("service", 4, nowMs, calm, minute * 4), nowMs);
      t.closeIdle(nowMs);
    }
    expect(t.stats.openSessions).toBe(1);
    expect(t.stats.retainedEvents).toBeLessThan(30);
  });
});

describe("late events", () => {
  it("give a closed segment its verdict again under the same id", () => {
    const t = tracker({ idleSecs: 60, emit: "final" });
    t.add([...run("a", 3), ...run("b", 1, startMs + 200_000)], startMs + 200_000);
    expect(brief(t.add([sampleEvent("a", 9, startMs + 500, grave)], startMs + 200_000))).toEqual([
      "a final 4 intrusion",
    ]);
  });

  it("that close a gap merge two segments and withdraw the second verdict", () => {
    const t = tracker({ idleSecs: 60, emit: "final" });
    t.add(
      [...run("a", 2), ...run("a", 2, startMs + 100_000, calm, 2), ...run("b", 1, startMs + 500_000)],
      startMs + 500_000,
    );
    expect(brief(t.add([sampleEvent("a", 9, startMs + 50_000, calm)], startMs + 500_000))).toEqual([
      "a final 5 normal_operation",
      "a#part2 final 0 normal_operation",
    ]);
  });

  it("beyond the retention are counted and change nothing", () => {
    const t = tracker({ idleSecs: 60, retentionSecs: 100, emit: "final" });
    t.add([...run("a", 2), ...run("b", 1, startMs + 500_000)], startMs + 500_000);
    expect(t.add([sampleEvent("a", 9, startMs + 50, calm)], startMs + 500_000)).toEqual([]);
    expect(t.stats.lateDropped).toBe(1);
  });

  it("that come twice count once", () => {
    const t = tracker();
    t.add([...run("a", 5), ...run("a", 5)], startMs);
    t.add(run("a", 5, startMs + 3), startMs);
    expect(t.stats).toMatchObject({ duplicates: 10, retainedEvents: 5 });
    expect(t.closeAll()[0]?.events).toBe(5);
  });
});

describe("event times", () => {
  it("that are missing or no numbers follow the event before", () => {
    const t = tracker({ emit: "final" });
    const odd = [undefined, Number.NaN, Number.POSITIVE_INFINITY].map((timeMs, i) =>
      sampleEvent("a", 3 + i, timeMs, calm),
    );
    t.add([...run("a", 3), ...odd], startMs);
    expect(t.closeAll()).toMatchObject([{ events: 6, lastTimeMs: startMs + 2000 }]);
    expect(t.stats.timesReplaced).toBe(3);
  });

  it("far ahead of the clock are not believed, so one wrong clock closes nobody's session", () => {
    const t = tracker({ emit: "final" });
    t.add(run("a", 3), startMs);
    expect(t.add([sampleEvent("b", 0, Date.UTC(2099, 0, 1), calm)], startMs)).toEqual([]);
    expect(t.add(run("a", 1, startMs + 4000, calm, 3), startMs)).toEqual([]);
    expect(t.stats).toMatchObject({ openSessions: 2, timesReplaced: 1, lateDropped: 0 });
  });

  it("do not hold sessions open in a source that has none at all", () => {
    const t = tracker({ emit: "final" });
    t.add(
      Array.from({ length: 4 }, (_, i) => sampleEvent("a", i, undefined, calm)),
      startMs,
    );
    expect(t.closeAll()).toMatchObject([{ events: 4, firstTimeMs: startMs }]);
  });
});

describe("bounds", () => {
  it("close the session that has been quiet longest when too many are open", () => {
    const t = tracker({ maxOpenSessions: 2, emit: "final" });
    t.add([...run("a", 1), ...run("b", 1, startMs + 1)], startMs);
    t.add(run("a", 1, startMs + 2, calm, 1), startMs);
    expect(brief(t.add(run("c", 1, startMs + 3), startMs))).toEqual(["b final 1 normal_operation"]);
    expect(t.stats).toMatchObject({ openSessions: 2, sessionsEvicted: 1 });
  });

  it("forget the events of closed sessions first when too many are kept, and go on with the next segment", () => {
    const t = tracker({ maxRetainedEvents: 5, emit: "final" });
    t.add(run("a", 4), startMs);
    expect(brief(t.add(run("b", 4, startMs + 5000), startMs))).toEqual(["a final 4 normal_operation"]);
    expect(t.stats).toMatchObject({ retainedEvents: 4, eventsEvicted: 4 });
    t.add(run("a", 1, startMs + 9000, calm, 4), startMs + 9000);
    expect(brief(t.closeAll())).toEqual(["b final 4 normal_operation", "a#part2 final 1 normal_operation"]);
  });

  it("hold for keys that never come back", () => {
    const t = tracker({ idleSecs: 1, retentionSecs: 1, maxRememberedKeys: 10, recordChanges: true });
    const notes = new Set<string>();
    for (let i = 0; i < 200; i += 1) {
      t.add([sampleEvent(`key-${i}`, i, startMs + i * 1000, calm)], startMs + i * 1000);
      const changes = t.takeChanges();
      for (const { sessionKey } of changes.notes) notes.add(sessionKey);
      for (const sessionKey of changes.forgotten) notes.delete(sessionKey);
    }
    expect(t.stats.retainedEvents).toBeLessThan(10);
    expect(notes.size).toBeLessThan(20);
  });
});

describe("restored state", () => {
  it("is refused when it was written with another vocabulary or is damaged", () => {
    const t = tracker();
    const meta = t.takeChanges().meta;
    expect(() => tracker().restore([], [], meta.replace("rev20", "rev21"), startMs)).toThrow(/rev21/);
    expect(() => tracker().restore([], [], "{", startMs)).toThrow(/no JSON/);
    expect(() => tracker().restore([], [{ sessionKey: "a", note: "[]" }], meta, startMs)).toThrow(
      /Stored sessions cannot be read/,
    );
  });

  it("keeps a tag that the vocabulary lacks by its name", () => {
    const t = tracker({ recordChanges: true });
    t.add([sampleEvent("a", 0, startMs, [{ label_id: "a_tag_of_tomorrow", score: 0.9, axis: "" }])], startMs);
    const { events, notes, meta } = t.takeChanges();
    expect(events[0]?.labels).toEqual([["a_tag_of_tomorrow", 0.9]]);
    const next = tracker();
    next.restore(events, notes, meta, startMs);
    expect(next.closeAll()[0]?.tags).toEqual(["a_tag_of_tomorrow"]);
  });
});

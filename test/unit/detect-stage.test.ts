import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileLabelFormat } from "../../connectors/file/format-label.ts";
import { formatVerdict } from "../../connectors/file/format-outcome.ts";
import { openDetection } from "../../src/cli/open-detection.ts";
import { detectSchema } from "../../src/config/detect-schema.ts";
import type { DetectStage } from "../../src/detect/detect-stage.ts";
import { labelDocument, verdictDocument } from "../../src/detect/written-document.ts";
import type { Alert } from "../../src/event/alert.ts";
import type { LabelledEvent } from "../../src/event/label.ts";
import { openState, type State } from "../../src/state/open-state.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";

const rules = `title: Tag
name: tag
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2a90
modified: 2026-01-02
logsource: { product: tagsmith, category: label }
detection: { selection: { tag: tag_a, score.tag_a|gte: 0.6 }, condition: selection }
level: high
---
title: Curl
name: curl
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2a91
logsource: { product: linux, category: process_creation }
detection: { selection: { CommandLine|startswith: 'curl ' }, condition: selection }
level: low
---
title: Curls
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2a92
correlation: { type: event_count, rules: [curl], group-by: [User], timespan: 10m, condition: { gte: 3 } }
level: critical
---
title: Intrusion
id: 7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2a93
logsource: { product: tagsmith, category: verdict }
detection: { selection: { verdict: intrusion, verdict_score|gte: 0.5 }, condition: selection }
level: medium
`;

function rulesAt(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "tagsmith-detect-")), "rules.yml");
  writeFileSync(file, text);
  return file;
}

const file = rulesAt(rules);
const open = (more: object = {}) =>
  openDetection(detectSchema.parse({ rules: [file], lateness_secs: 0, ...more }), "m@1");

function event(id: string, text: string, minute: number, tags: readonly string[] = []): LabelledEvent {
  const base = labelledEvent(id, text);
  const topLabels = base.topLabels.filter(({ label_id }) => tags.includes(label_id));
  return { event: { ...base.event, timeMs: 1_767_225_600_000 + minute * 60_000 }, topLabels, tags };
}

const named = (alerts: readonly Alert[]) => alerts.map(({ rule }) => rule.name);
const curls = [0, 1, 2, 3, 20, 21, 22].map((minute) => event(`c${minute}`, `curl ${minute}`, minute));

/** Gives the events one at a time, with a new stage on the same state in front of each `restarts` of them. */
function alertsWithRestarts(restarts: ReadonlySet<number>): readonly Alert[] {
  const state = openState(":memory:");
  let { stage } = open();
  const alerts = curls.flatMap((one, at) => {
    if (restarts.has(at)) stage = restored(state);
    const given = stage.add([one], []);
    store(state, stage);
    return given;
  });
  state.close();
  return alerts;
}

function restored(state: State): DetectStage {
  const { stage } = open();
  stage.restore(state.load("file").detection ?? []);
  return stage;
}

function store(state: State, stage: DetectStage): void {
  state.commit({ source: "file", cursor: "c", sinkPosition: "p", ...stage.changes() });
}

describe("detection", () => {
  it("gives an alert with the rule, the event, its pivots, tags and scores", () => {
    const [alert] = open().stage.add([event("e1", "nc -e", 0, ["tag_a", "tag_b"])], []);
    expect(alert).toMatchObject({
      kind: "rule",
      rule: { id: "7d3f0a52-93c1-4c0e-8d67-5b1c4f6e2a90", name: "Tag", level: "high", version: "2026-01-02" },
      timeMs: 1_767_225_600_000,
      eventIds: ["e1"],
      sessionKeys: ["web-1|root"],
      hosts: ["web-1"],
      users: ["root"],
      scores: { tag_a: 0.75, tag_b: 0.5 },
    });
  });

  it("asks rules for Linux events by the names Sigma has for them, and of a correlation only the correlation", () => {
    expect(named(open().stage.add(curls, []))).toEqual(["Curls", "Curls", "Curls"]);
    expect(open().stage.add(curls, [])[0]?.eventIds).toEqual(["c0", "c1", "c2"]);
  });

  it("asks rules over verdicts, once a session and rule", () => {
    const { stage } = open();
    expect(named(stage.add([], [verdict("s", 0.9), verdict("t", 0.1)]))).toEqual(["Intrusion"]);
    expect(stage.add([], [verdict("s", 0.95)])).toEqual([]);
  });

  it("gives one alert for an event that comes twice, after a restart too, with the same id in another run", () => {
    const state = openState(":memory:");
    const { stage } = open();
    const one = event("e1", "nc", 0, ["tag_a"]);
    const [alert] = stage.add([one], []);
    store(state, stage);
    expect(stage.add([one], [])).toEqual([]);
    expect(restored(state).add([one], [])).toEqual([]);
    expect(open().stage.add([one], [])[0]?.id).toBe(alert?.id);
  });

  it("gives the same alerts of correlations wherever it is stopped and started again", () => {
    const calm = alertsWithRestarts(new Set());
    expect(calm).toHaveLength(3);
    for (let mask = 1; mask < 2 ** curls.length; mask += 1) {
      const restarts = new Set([...curls.keys()].filter((at) => (mask >> at) % 2 === 1));
      expect(alertsWithRestarts(restarts), `mask ${mask}`).toEqual(calm);
    }
  });

  it("waits for late events, and takes what waits when the input ends or has been quiet for long enough", () => {
    const late = { lateness_secs: 300 };
    const [first, second, third] = curls;
    const some = [third, first, second].flatMap((one) => one ?? []);
    const ended = open(late).stage;
    expect(ended.add(some, [])).toEqual([]);
    expect(named(ended.finish())).toEqual(["Curls"]);
    const quiet = open(late).stage;
    quiet.add(some, []);
    expect(quiet.rest([], 1_767_225_600_000 + 6 * 60_000)).toEqual([]);
    expect(named(quiet.rest([], 1_767_225_600_000 + 8 * 60_000))).toEqual(["Curls"]);
  });

  it("counts no event dated after the clock, which would make those that follow late, but gives its alert", () => {
    const [first, second, third, ...more] = curls;
    const all = [first, second, third].flatMap((one) => one ?? []);
    const now = () => 1_767_225_600_000 + 60 * 60_000;
    const { stage } = openDetection(detectSchema.parse({ rules: [file], lateness_secs: 0 }), "m@1", { now });
    expect(named(stage.add([event("skewed", "curl 9", 500, ["tag_a"])], []))).toEqual(["Tag"]);
    expect(named(stage.add(all, []))).toEqual(["Curls"]);
    expect(named(stage.add([event("near", "curl 9", 64), ...more], []))).toEqual([]);
  });

  it("takes what waits once any event is later by as much, matched or not, unless it is dated after the clock", () => {
    const now = () => 1_767_225_600_000 + 60 * 60_000;
    const { stage } = openDetection(detectSchema.parse({ rules: [file], lateness_secs: 300 }), "m@1", { now });
    expect(stage.add(curls.slice(0, 3), [])).toEqual([]);
    expect(stage.add([event("near", "ls", 6), event("skewed", "ls", 500)], [])).toEqual([]);
    expect(named(stage.add([event("later", "ls", 7)], []))).toEqual(["Curls"]);
    expect(stage.finish()).toEqual([]);
  });

  it("tells how many events were too late for correlations, of those that one counts", () => {
    let late = 0;
    const onLate = (events: number): void => {
      late += events;
    };
    const { stage } = openDetection(detectSchema.parse({ rules: [file], lateness_secs: 60 }), "m@1", { onLate });
    stage.add([event("a", "curl 1", 10), event("b", "curl 2", 5), event("c", "nc", 0, ["tag_a"])], []);
    expect(late).toBe(1);
  });

  it("goes on with changed rules, and correlations keep what they counted", () => {
    const path = rulesAt(rules);
    const detection = openDetection(detectSchema.parse({ rules: [path], lateness_secs: 0 }), "m@1");
    detection.stage.add(curls.slice(0, 2), []);
    writeFileSync(path, rules.replace("title: Curls", "title: Renamed"));
    detection.reload();
    expect(named(detection.stage.add(curls.slice(2, 3), []))).toEqual(["Renamed"]);
    writeFileSync(path, "title: [");
    expect(() => detection.reload()).toThrow(`${path}:1:`);
    expect(named(detection.stage.add(curls.slice(3, 4), []))).toEqual(["Renamed"]);
  });

  it("names file, line and a hint of a rule that cannot be read, and says which rules are left out", () => {
    const broken = rulesAt("title: A\nlogsource: { product: tagsmith }\ndetection:\n  s: { tag: x }\n  condition: t\n");
    expect(() => open({ rules: [broken] })).toThrow(`${broken}:5:14: condition_unknown_selection`);
    const other = rulesAt("title: A\nlogsource: { product: windows }\ndetection: { s: { tag: x }, condition: s }\n");
    expect(open({ rules: [other, file] }).warnings).toEqual([expect.stringContaining("A: refused by the pipeline")]);
  });

  it("refuses a stored memory that cannot be read", () => {
    expect(() => open().stage.restore(['[{"kind":"else"}]'])).toThrow(
      expect.objectContaining({ code: "detect_state_invalid" }),
    );
  });

  it("shows rules what the file sink writes", () => {
    const full = { ...labelledEvent("e", "nc"), tags: ["tag_a"] };
    const facts = { code: "1" };
    for (const some of [
      { executable: "/bin/nc", facts },
      { parent: "bash -c x" },
      { platform: "k8s_audit" },
    ] as const) {
      const shown = { ...full, event: { ...full.event, ...some } };
      expect(labelDocument(shown, "m@1")).toEqual(JSON.parse(compileLabelFormat("m@1")(shown)));
    }
    for (const score of [0.1, 0.9]) {
      const judged = { ...verdict("s", score), lastTimeMs: 1_767_225_600_000 };
      expect(JSON.parse(formatVerdict(judged))).toMatchObject(verdictDocument(judged));
    }
  });
});

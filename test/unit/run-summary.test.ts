import { describe, expect, it } from "vitest";
import { addToSummary, createRunSummary, summaryJson, summaryText } from "../../src/cli/run-summary.ts";
import type { Verdict } from "../../src/event/verdict.ts";
import { createCounts } from "../../src/telemetry/signals.ts";
import { alert } from "../contract/check-sink.ts";

function verdict(id: string, phase: Verdict["phase"], found: Verdict["verdict"]): Verdict {
  return {
    id,
    sessionKey: id,
    segment: 1,
    platform: "linux",
    verdict: found,
    score: 0.9,
    threshold: 0.5,
    modelProbability: 0.9,
    phase,
    events: 8,
    firstTimeMs: 0,
    lastTimeMs: 1,
    tags: ["spawn_reverse_shell"],
    contributions: [],
    hosts: ["web-1"],
    users: [],
    model: "m@1",
  };
}

function textOf(...verdicts: readonly Verdict[]): string {
  const summary = createRunSummary();
  for (const one of verdicts) addToSummary(summary, { labels: [], verdicts: [one], deadLetters: [] });
  return summaryText(summary, createCounts(), 1);
}

describe("summary of a run", () => {
  it("names intrusions of sessions that are still open when a run is stopped", () => {
    const text = textOf(verdict("a", "online", "intrusion"), verdict("b", "online", "intrusion"));
    expect(text).toContain("No closed session was judged an intrusion.\n2 open sessions are intrusions so far.\n");
  });

  it("forgets an open intrusion that turns normal, and counts one that closes once", () => {
    const turned = textOf(verdict("a", "online", "intrusion"), verdict("a", "online", "normal_operation"));
    expect(turned).not.toContain("so far");
    const closed = textOf(verdict("a", "online", "intrusion"), verdict("a", "final", "intrusion"));
    expect(closed).toContain("Sessions judged intrusions");
    expect(closed).not.toContain("so far");
  });

  it("counts alerts by level, the worst first, and says nothing where there are none", () => {
    const summary = createRunSummary();
    expect(summaryText(summary, createCounts(), 1)).not.toContain("alerts");
    const low = { ...alert("b"), rule: { id: "r", name: "Low", level: "low" as const } };
    addToSummary(summary, {
      labels: [],
      verdicts: [],
      deadLetters: [],
      alerts: [low, alert("a"), { ...low, id: "c" }],
    });
    expect(summaryText(summary, createCounts(), 1)).toMatch(/alerts +3 +1 high, 2 low/);
    expect(summaryJson(summary, createCounts(), 1)["alerts"]).toEqual({ high: 1, low: 2 });
  });
});

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

  it("counts alerts by level and rule, the worst first, with the first of each, and says nothing where there are none", () => {
    const summary = createRunSummary();
    expect(summaryText(summary, createCounts(), 1)).not.toMatch(/alerts/i);
    const rule = { id: "r", name: "Low", level: "low" as const };
    const low = { ...alert("b"), rule, text: "cat \u001b[2J", hosts: [], users: [] };
    const alerts = [low, alert("a"), { ...low, id: "c", text: "second" }];
    addToSummary(summary, { labels: [], verdicts: [], deadLetters: [], alerts });
    const text = summaryText(summary, createCounts(), 1);
    expect(text).toMatch(/alerts +3 +1 high, 2 low/);
    expect(text).toMatch(
      /with the first of each\n {2}high +Rule of a +1 {2}web-1 root: nc\n {2}low +Low +2 {2}cat .u\{1b\}\[2J\n/,
    );
    expect(summaryJson(summary, createCounts(), 1)).toMatchObject({
      alerts: { high: 1, low: 2 },
      alert_rules: { "Rule of a": 1, Low: 2 },
    });
  });

  it("has no headings of tables that are empty", () => {
    expect(summaryText(createRunSummary(), createCounts(), 1)).not.toMatch(/Read as|Most frequent|\n\n\n/);
  });

  it("says how many events came too late for correlations, where any did", () => {
    const counts = createCounts();
    expect(summaryText(createRunSummary(), counts, 1)).not.toContain("too late");
    counts.lateMatches = 3;
    expect(summaryText(createRunSummary(), counts, 1)).toMatch(/^too late +3 +.*detect\.lateness_secs$/m);
    expect(summaryJson(createRunSummary(), counts, 1)).toMatchObject({ late_matches: 3 });
  });

  it("says how many events came too late for their sessions, where any did", () => {
    const counts = createCounts();
    counts.lateEvents = 4;
    expect(summaryText(createRunSummary(), counts, 1)).toMatch(/^too late +4 +.*session\.retention_secs$/m);
    expect(summaryJson(createRunSummary(), counts, 1)).toMatchObject({ late_events: 4 });
  });

  it("shows the gravest rules, and how many more there are", () => {
    const summary = createRunSummary();
    const alerts = Array.from({ length: 40 }, (_, n) => ({
      ...alert(`${n}`),
      rule: { id: `${n}`, name: `Rule ${n}`, level: n === 39 ? ("critical" as const) : ("low" as const) },
    }));
    addToSummary(summary, { labels: [], verdicts: [], deadLetters: [], alerts });
    const text = summaryText(summary, createCounts(), 1);
    expect(text).toMatch(/each\n {2}critical {2}Rule 39/);
    expect(text.match(/^ {2}(low|critical) /gm)).toHaveLength(15);
    expect(text).toContain("… and of 25 more rules\n");
  });
});

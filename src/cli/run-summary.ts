import type { LabelledEvent } from "../event/label.ts";
import type { Verdict } from "../event/verdict.ts";
import type { Output } from "../sdk/sink.ts";
import type { Counts } from "../telemetry/signals.ts";
import { type AlertSummary, addAlert, alertRows, alertsJson, alertText, createAlertSummary } from "./alert-summary.ts";
import { formatTable, printable } from "./terminal.ts";

/** What a run is summed up from; bounded by the number of tags, of rules, and of sessions kept. */
export interface RunSummary {
  readonly tagCounts: Map<string, number>;
  readonly alerts: AlertSummary;
  /** Final verdicts by id, newest last; at most `maxVerdicts`. */
  readonly verdicts: Map<string, Verdict>;
  readonly closed: { intrusion: number; normal_operation: number };
  /** Open sessions that are intrusions so far, by verdict id; at most `maxVerdicts`. */
  readonly openIntrusions: Set<string>;
}

const maxVerdicts = 10_000;

/** An empty summary. */
export function createRunSummary(): RunSummary {
  return {
    tagCounts: new Map(),
    alerts: createAlertSummary(),
    verdicts: new Map(),
    closed: { intrusion: 0, normal_operation: 0 },
    openIntrusions: new Set(),
  };
}

/** Adds one written step. */
export function addToSummary(summary: RunSummary, output: Output): void {
  for (const labelled of output.labels) countTags(summary.tagCounts, labelled);
  for (const alert of output.alerts ?? []) addAlert(summary.alerts, alert);
  for (const verdict of output.verdicts) {
    summary.openIntrusions.delete(verdict.id);
    if (verdict.phase !== "final") {
      const isIntrusion = verdict.verdict === "intrusion" && summary.openIntrusions.size < maxVerdicts;
      if (isIntrusion) summary.openIntrusions.add(verdict.id);
      continue;
    }
    const before = summary.verdicts.get(verdict.id);
    if (before !== undefined) summary.closed[before.verdict] -= 1;
    summary.closed[verdict.verdict] += 1;
    if (before !== undefined || summary.verdicts.size < maxVerdicts) summary.verdicts.set(verdict.id, verdict);
  }
}

function countTags(counts: Map<string, number>, labelled: LabelledEvent): void {
  for (const tag of labelled.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
}

/** The summary as JSON, for `--json`. */
export function summaryJson(summary: RunSummary, counts: Counts, seconds: number): Record<string, unknown> {
  return {
    documents: counts.documents,
    events: counts.events,
    skipped: counts.skipped,
    dead_letters: counts.deadLetters,
    seconds,
    events_per_second: Math.round(counts.events / seconds),
    mappings: Object.fromEntries(counts.mappings),
    skips: Object.fromEntries(counts.skips),
    rejects: Object.fromEntries(counts.rejects),
    tags: Object.fromEntries(sortedTags(summary)),
    sessions: { ...summary.closed },
    ...alertsJson(summary.alerts),
    late_events: counts.lateEvents,
    late_matches: counts.lateMatches,
  };
}

/** The summary for people. */
export function summaryText(summary: RunSummary, counts: Counts, seconds: number): string {
  const { intrusion, normal_operation } = summary.closed;
  const rate = Math.round(counts.events / seconds).toLocaleString("en-US");
  const isJoined = counts.documents > counts.events + counts.skipped + counts.deadLetters;
  const numbers = formatTable([
    ["documents read", counts.documents, isJoined ? "several audit records or request stages make one event" : ""],
    ["events labelled", counts.labelled, `in ${seconds.toFixed(1)} s, ${rate} events/s`],
    ["skipped", counts.skipped, reasons(counts.skips)],
    ["dead letters", counts.deadLetters, reasons(counts.rejects)],
    ["sessions closed", intrusion + normal_operation, `${intrusion} intrusion, ${normal_operation} normal_operation`],
    ...alertRows(summary.alerts),
    ...lateRows(counts),
  ]);
  const mappings = formatTable([...counts.mappings].sort((a, b) => b[1] - a[1]).map(([name, count]) => [name, count]));
  const tags = formatTable(sortedTags(summary).slice(0, 12));
  const read = counts.mappings.size === 0 ? "" : `\nRead as\n${mappings}`;
  const behaviours = summary.tagCounts.size === 0 ? "" : `\nMost frequent behaviours\n${tags}`;
  return `${numbers}${read}${behaviours}\n${alertText(summary.alerts)}${intrusionText(summary)}${openText(summary)}`;
}

function lateRows({ lateEvents, lateMatches }: Counts): [string, number, string][] {
  const rows: [string, number, string][] = [
    ["too late", lateEvents, "events labelled, but not judged with their session; see session.retention_secs"],
    ["too late", lateMatches, "matched events that correlations did not count; see detect.lateness_secs"],
  ];
  return rows.filter(([, count]) => count > 0);
}

function sortedTags(summary: RunSummary): [string, number][] {
  return [...summary.tagCounts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function reasons(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([code, count]) => `${code} ${count}`).join(", ");
}

function intrusionText(summary: RunSummary): string {
  const found = [...summary.verdicts.values()].filter((verdict) => verdict.verdict === "intrusion");
  if (found.length === 0) return "No closed session was judged an intrusion.\n";
  found.sort((a, b) => b.score - a.score);
  const lines = found.slice(0, 20).map((verdict) => {
    const who = [verdict.hosts.join(","), verdict.users.join(",")].filter((part) => part !== "").join(" ");
    const head = `  ${verdict.score.toFixed(2)}  ${printable(who, 60)}  ${verdict.events} events  ${printable(verdict.id, 80)}`;
    return `${head}\n        ${keyTags(verdict).join(" → ")}`;
  });
  const more = found.length > 20 ? `  … and ${found.length - 20} more\n` : "";
  return `Sessions judged intrusions, riskiest first\n${lines.join("\n")}\n${more}`;
}

/** What is not closed yet is judged, too: its verdicts are written already. */
function openText({ openIntrusions: { size } }: RunSummary): string {
  if (size === 0) return "";
  return size === 1 ? "1 open session is an intrusion so far.\n" : `${size} open sessions are intrusions so far.\n`;
}

/** First occurrences of the session's tags, in order, at most eight. */
function keyTags(verdict: Verdict): string[] {
  const distinct = [...new Set(verdict.tags)];
  return distinct.length > 8 ? [...distinct.slice(0, 8), "…"] : distinct;
}

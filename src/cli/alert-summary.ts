import { type Alert, type AlertLevel, type AlertRule, severityOf } from "../event/alert.ts";
import { formatTable, printable } from "./terminal.ts";

/** What a rule has found. */
interface RuleAlerts {
  readonly rule: AlertRule;
  readonly count: number;
  /** Whom and what its first alert names, safe to print. */
  readonly first: string;
}

/** Alerts by the id of their rule, and of all rules together. */
export interface AlertSummary {
  readonly byLevel: Map<AlertLevel, number>;
  /** At most `maxRules`. */
  readonly byRule: Map<string, RuleAlerts>;
}

const maxRules = 10_000;
const shownRules = 15;

/** An empty summary. */
export function createAlertSummary(): AlertSummary {
  return { byLevel: new Map(), byRule: new Map() };
}

/** Counts one more. */
export function addAlert({ byLevel, byRule }: AlertSummary, alert: Alert): void {
  const { rule } = alert;
  byLevel.set(rule.level, (byLevel.get(rule.level) ?? 0) + 1);
  const { count, first } = byRule.get(rule.id) ?? { count: 0, first: exampleText(alert) };
  if (count > 0 || byRule.size < maxRules) byRule.set(rule.id, { rule, count: count + 1, first });
}

/** For `--json`: how many by level and by the name of the rule, the gravest first. */
export function alertsJson(summary: AlertSummary): Record<string, unknown> {
  const byRule = new Map<string, number>();
  for (const { rule, count } of sortedRules(summary)) byRule.set(rule.name, (byRule.get(rule.name) ?? 0) + count);
  return { alerts: Object.fromEntries(sortedLevels(summary)), alert_rules: Object.fromEntries(byRule) };
}

/** The row of the summary's numbers; none without alerts. */
export function alertRows(summary: AlertSummary): [string, number, string][] {
  const levels = sortedLevels(summary);
  if (levels.length === 0) return [];
  const all = levels.reduce((sum, [, count]) => sum + count, 0);
  return [["alerts", all, levels.map(([level, count]) => `${count} ${level}`).join(", ")]];
}

/** The rules that gave alerts, the gravest first, each with the first it found; empty without alerts. */
export function alertText(summary: AlertSummary): string {
  const rules = sortedRules(summary);
  if (rules.length === 0) return "";
  const shown = rules.slice(0, shownRules);
  const table = formatTable(
    shown.map(({ rule, count, first }) => [`  ${rule.level}`, printable(rule.name, 60), count, first]),
  );
  const more = rules.length > shownRules ? `  … and of ${rules.length - shownRules} more rules\n` : "";
  return `Alerts of rules, gravest first, with the first of each\n${table}${more}\n`;
}

function sortedLevels({ byLevel }: AlertSummary): [AlertLevel, number][] {
  return [...byLevel].sort(([a], [b]) => severityOf[b] - severityOf[a]);
}

function sortedRules({ byRule }: AlertSummary): RuleAlerts[] {
  return [...byRule.values()].sort(
    (a, b) => severityOf[b.rule.level] - severityOf[a.rule.level] || (a.rule.name < b.rule.name ? -1 : 1),
  );
}

function exampleText({ hosts, users, text }: Alert): string {
  const who = printable([hosts.slice(0, 3).join(","), users.slice(0, 3).join(",")].filter(Boolean).join(" "), 40);
  return text === undefined ? who : `${who}${who === "" ? "" : ": "}${printable(text, 60)}`;
}

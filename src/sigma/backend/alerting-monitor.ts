import type { Level, Rule } from "../ast.ts";
import type { DslQuery } from "./query-dsl.ts";

/** How OpenSearch Alerting runs a monitor. */
export interface MonitorSettings {
  readonly indices: readonly string[];
  readonly intervalMinutes: number;
  readonly timeField: string;
}

const severity: Readonly<Record<Level, string>> = {
  critical: "1",
  high: "2",
  medium: "3",
  low: "4",
  informational: "5",
};

/**
 * A query-level monitor as `POST _plugins/_alerting/monitors` takes it: it looks at the time since the last run and alerts on any
 * hit. It comes disabled and without actions; where alerts go is for the operator to say.
 */
export function alertingMonitor(
  rule: Rule,
  query: DslQuery,
  { indices, intervalMinutes, timeField }: MonitorSettings,
): Readonly<Record<string, unknown>> {
  const { metadata } = rule;
  const period = { gt: `{{period_end}}||-${intervalMinutes}m`, lte: "{{period_end}}", format: "epoch_millis" };
  const search = { size: 10, query: { bool: { filter: [{ range: { [timeField]: period } }, query] } } };
  const trigger = {
    name: "hits",
    severity: severity[metadata.level ?? "medium"],
    condition: { script: { source: "ctx.results[0].hits.total.value > 0", lang: "painless" } },
    actions: [],
  };
  return {
    type: "monitor",
    monitor_type: "query_level_monitor",
    name: metadata.title,
    enabled: false,
    schedule: { period: { interval: intervalMinutes, unit: "MINUTES" } },
    inputs: [{ search: { indices, query: search } }],
    triggers: [{ query_level_trigger: trigger }],
  };
}

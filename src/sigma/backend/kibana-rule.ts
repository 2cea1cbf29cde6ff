import type { Level, Metadata } from "../ast.ts";
import { type Techniques, threatOf } from "./attack-threat.ts";
import type { DslQuery } from "./query-dsl.ts";

/** How the detection rules of Elastic Security run. */
export interface DetectionRuleSettings {
  readonly indices: readonly string[];
  /** Minutes between runs. */
  readonly intervalMinutes: number;
  /** Minutes each run looks back beyond the interval, for events that arrive late. */
  readonly extraLookbackMinutes: number;
  /** Names of ATT&CK techniques, for `threat`. */
  readonly techniques?: Techniques;
}

/** A query in a language that detection rules run. */
export type DetectionQuery =
  | { readonly language: "lucene" | "kuery" | "eql" | "esql"; readonly query: string }
  | { readonly language: "dsl"; readonly query: DslQuery };

/** What counts events in a threshold rule. */
interface Threshold {
  readonly field: readonly string[];
  readonly value: number;
  readonly cardinality: readonly { readonly field: string; readonly value: number }[];
}

/**
 * A detection rule as `POST /api/detection_engine/rules/_import` takes it, one a line. Ids are those of the
 * Sigma rule; each run looks back over `windowSeconds` too.
 */
export function kibanaRule(
  metadata: Metadata,
  query: DetectionQuery,
  settings: DetectionRuleSettings,
  windowSeconds = 0,
): Readonly<Record<string, unknown>> {
  return { ...described(metadata, settings, windowSeconds), ...searching(query, settings.indices) };
}

/** A threshold rule for a correlation; every run looks back over the whole timespan and the time since the last run. */
export function kibanaThresholdRule(
  metadata: Metadata,
  query: DetectionQuery,
  threshold: Threshold,
  timespanSeconds: number,
  settings: DetectionRuleSettings,
): Readonly<Record<string, unknown>> {
  const searched = searching(query, settings.indices);
  return { ...described(metadata, settings, timespanSeconds), ...searched, type: "threshold", threshold };
}

function searching(query: DetectionQuery, index: readonly string[]): Readonly<Record<string, unknown>> {
  switch (query.language) {
    case "esql":
      return { type: "esql", language: "esql", query: query.query };
    case "eql":
      return { type: "eql", language: "eql", query: query.query, index };
    case "dsl": {
      const meta = { type: "custom", disabled: false, negate: false, alias: null, key: "query", value: "" };
      return { type: "query", language: "kuery", query: "", filters: [{ meta, query: query.query }], index };
    }
    default:
      return { type: "query", language: query.language, query: query.query, index };
  }
}

const risk: Readonly<Record<Level, number>> = { informational: 1, low: 21, medium: 47, high: 73, critical: 99 };

function described(
  metadata: Metadata,
  { intervalMinutes, extraLookbackMinutes, techniques }: DetectionRuleSettings,
  windowSeconds: number,
): Readonly<Record<string, unknown>> {
  const level = metadata.level ?? "medium";
  const lookback = intervalMinutes * 60 + extraLookbackMinutes * 60 + windowSeconds;
  return {
    ...(metadata.id === undefined ? {} : { rule_id: metadata.id }),
    name: metadata.title,
    description: metadata.description ?? metadata.title,
    severity: level === "informational" ? "low" : level,
    risk_score: risk[level],
    author: metadata.author === undefined ? [] : [metadata.author],
    license: metadata.license ?? "",
    false_positives: metadata.falsepositives,
    references: metadata.references,
    tags: metadata.tags,
    threat: threatOf(metadata.tags, techniques ?? new Map()),
    enabled: false,
    interval: `${intervalMinutes}m`,
    from: `now-${lookback}s`,
    to: "now",
    max_signals: 100,
    version: 1,
  };
}

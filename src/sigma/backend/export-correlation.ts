import type { Correlation } from "../ast.ts";
import type { Referable } from "../correlate/resolve-references.ts";
import { convertCorrelation } from "./convert-correlation.ts";
import { convertRule } from "./convert-rule.ts";
import { detectionQuery, type Exported, type ExportOptions } from "./export-rule.ts";
import { kibanaRule, kibanaThresholdRule } from "./kibana-rule.ts";

/** Writes a correlation in a format of a SIEM; `targets` is what `correlation.rules` refers to, in that order. */
export function exportCorrelation(
  correlation: Correlation,
  targets: readonly Referable[],
  options: ExportOptions,
): Exported {
  const isSequence = options.target === "eql" || options.target === "esql";
  if (options.format === "kibana_rule" && !isSequence) return exportThreshold(correlation, targets, options);
  if (options.format !== "query" && options.format !== "kibana_rule") {
    return { kind: "refused", reasons: [`A correlation cannot be written as ${options.format}.`] };
  }
  const conversion = convertCorrelation(correlation, targets, options);
  if (conversion.kind === "refused") return conversion;
  const { queries, postFilter, warnings } = conversion;
  if (options.format === "query") return { kind: "converted", outputs: queries, postFilter, warnings };
  const settings = { ...options, extraLookbackMinutes: 1 };
  const { seconds } = correlation.timespan;
  const outputs = queries.map((query) =>
    kibanaRule(correlation.metadata, detectionQuery(query, options.target), settings, seconds),
  );
  return { kind: "converted", outputs, postFilter, warnings };
}

/** A threshold rule counts over one stretch of time a run, longer than the timespan; so it is a superset. */
function exportThreshold(correlation: Correlation, targets: readonly Referable[], options: ExportOptions): Exported {
  const [only, ...more] = targets;
  const threshold = thresholdOf(correlation);
  if (only?.kind !== "rule" || more.length > 0 || threshold === undefined) {
    return {
      kind: "refused",
      reasons: ["A threshold rule counts the events or values of one rule, and at least so many."],
    };
  }
  if (options.fidelity !== "superset") {
    const reason = "A threshold rule counts over a run's whole time, not in sliding windows; ask for a superset.";
    return { kind: "refused", reasons: [reason] };
  }
  const conversion = convertRule(only, options);
  if (conversion.kind === "refused") return conversion;
  const [query, ...others] = conversion.queries;
  if (query === undefined || others.length > 0) {
    return { kind: "refused", reasons: ["A threshold rule has one query; this rule has several conditions."] };
  }
  const settings = { ...options, extraLookbackMinutes: 1 };
  const searched = detectionQuery(query, options.target);
  const rule = kibanaThresholdRule(correlation.metadata, searched, threshold, correlation.timespan.seconds, settings);
  const warning = "A threshold rule counts over the timespan and the time since its last run together.";
  return { kind: "converted", outputs: [rule], postFilter: true, warnings: [warning, ...conversion.warnings] };
}

function thresholdOf({
  measure,
  test,
  groupBy,
  aliases,
}: Correlation): Parameters<typeof kibanaThresholdRule>[2] | undefined {
  if (test.kind !== "bounds" || test.bounds.length !== 1 || aliases.size > 0) return undefined;
  const [bound] = test.bounds;
  if (bound === undefined || (bound.op !== "gte" && bound.op !== "gt")) return undefined;
  const value = bound.op === "gte" ? Math.ceil(bound.value) : Math.floor(bound.value) + 1;
  if (measure.type === "event_count") return { field: groupBy, value, cardinality: [] };
  const [field, ...others] = measure.type === "value_count" ? measure.fields : [];
  if (field === undefined || others.length > 0) return undefined;
  return { field: groupBy, value: 1, cardinality: [{ field, value }] };
}

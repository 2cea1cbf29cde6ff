import type { Bound, Correlation } from "../ast.ts";
import type { LintFinding } from "./lint-document.ts";
import { found, info, repeated, warning } from "./notes.ts";

const checks = {
  oneRule: warning("correlation_one_rule", "A temporal correlation needs at least two rules; use event_count for one."),
  ungrouped: info("correlation_ungrouped", "Name what belongs together in group-by, e.g. a host or a user."),
  ruleTwice: warning("correlation_rule_repeated", "Name each rule once."),
  never: warning("correlation_never_true", "Correct the bounds: no number is within them."),
  always: warning("correlation_always_true", "Raise the bound: a window with one event has it already."),
  aliasUnused: warning("correlation_alias_unused", "Use the alias in group-by."),
};

/** Correlations that cannot fire, always fire, or mix what does not belong together. */
export function lintCorrelation(correlation: Correlation): LintFinding[] {
  const { rules, measure, test, groupBy, aliases } = correlation;
  const temporal = measure.type === "temporal" || measure.type === "temporal_ordered";
  const bounds = test.kind === "bounds" ? test.bounds : [];
  const path = ["correlation", "condition"];
  const twice = repeated(rules, (rule) => rule.toLowerCase());
  const counts = measure.type === "event_count" || measure.type === "value_count";
  return [
    ...found(temporal && rules.length === 1, checks.oneRule, `${measure.type} has one rule.`, ["correlation", "rules"]),
    ...found(groupBy.length === 0, checks.ungrouped, "All events count together.", ["correlation"]),
    ...twice.flatMap((index) =>
      found(true, checks.ruleTwice, `${rules[index]} stands here twice.`, ["correlation", "rules", index]),
    ),
    ...found(isEmpty(bounds), checks.never, "The bounds exclude each other.", path),
    ...found(counts && bounds.length > 0 && bounds.every(alwaysHolds), checks.always, "One event is enough.", path),
    ...[...aliases.keys()].flatMap((alias) =>
      found(!groupBy.includes(alias), checks.aliasUnused, `group-by does not use ${alias}.`, [
        "correlation",
        "aliases",
        alias,
      ]),
    ),
  ];
}

/** Whether a count of 1 holds the bound. */
function alwaysHolds({ op, value }: Bound): boolean {
  return (op === "gte" && value <= 1) || (op === "gt" && value < 1);
}

function isEmpty(bounds: readonly Bound[]): boolean {
  const low = Math.max(
    ...bounds.map(({ op, value }) => (op === "gt" || op === "gte" || op === "eq" ? value : -Infinity)),
  );
  const high = Math.min(
    ...bounds.map(({ op, value }) => (op === "lt" || op === "lte" || op === "eq" ? value : Infinity)),
  );
  const open = bounds.some(({ op, value }) => (op === "gt" && value === low) || (op === "lt" && value === high));
  return low > high || (low === high && open);
}

import type { Condition, Detection, Filter, Logsource, Rule } from "../ast.ts";
import { type Placed, type PlacedFinding, placedFinding } from "./placed.ts";
import type { References } from "./references.ts";

/**
 * Applies each filter to the rules it names whose log source is as narrow as the filter's: the rule then matches where
 * its own condition and the filter's hold. A filter that shall keep events out says `not`.
 */
export function applyFilters(
  rules: readonly Placed<Rule>[],
  filters: readonly Placed<Filter>[],
  references: References,
): { readonly rules: Rule[]; readonly findings: PlacedFinding[] } {
  const findings = filters.flatMap((filter) => unknownRules(filter, references));
  const filtered = rules.map(({ document }) =>
    filters.reduce((rule, { document: filter }, number) => applyFilter(rule, filter, number), document),
  );
  return { rules: filtered, findings };
}

/** The rule with the filter's selections and condition, when the filter is meant for it; otherwise the rule itself. */
function applyFilter(rule: Rule, filter: Filter, number: number): Rule {
  if (!isWithin(rule.logsource, filter.logsource) || !names(filter, rule)) return rule;
  const prefix = `_filter${number}_`;
  const detections = new Map<string, Detection>(rule.detections);
  for (const [name, detection] of filter.detections) detections.set(prefix + name, detection);
  const condition = renamed(filter.condition, prefix);
  const conditions = rule.conditions.map((own): Condition => ({ kind: "and", operands: [own, condition] }));
  return { ...rule, detections, conditions };
}

/** What the outer log source names, the inner one has too. */
export function isWithin(inner: Logsource, outer: Logsource): boolean {
  return (["category", "product", "service"] as const).every(
    (key) => outer[key] === undefined || outer[key] === inner[key],
  );
}

function names(filter: Filter, { metadata }: Rule): boolean {
  if (filter.rules === "any") return true;
  return filter.rules.some((reference) => {
    const lower = reference.toLowerCase();
    return lower === metadata.id?.toLowerCase() || lower === metadata.name?.toLowerCase();
  });
}

/** Selections that start with `_` are out of reach of the rule's own `them` and patterns. */
function renamed(condition: Condition, prefix: string): Condition {
  switch (condition.kind) {
    case "selection":
      return { ...condition, name: prefix + condition.name };
    case "of":
      return { ...condition, pattern: prefix + (condition.pattern === "them" ? "*" : condition.pattern) };
    case "not":
      return { ...condition, operand: renamed(condition.operand, prefix) };
    case "and":
    case "or":
      return { ...condition, operands: condition.operands.map((operand) => renamed(operand, prefix)) };
  }
}

function unknownRules(filter: Placed<Filter>, references: References): PlacedFinding[] {
  const { rules } = filter.document;
  if (rules === "any") return [];
  return rules.flatMap((reference, position) => {
    if (references.find(reference)?.document.kind === "rule") return [];
    const message = `No rule here has the id or name ${JSON.stringify(reference)}.`;
    const hint = "Check it together with the rules it filters.";
    return placedFinding(filter, "warning", "filter_rule_unknown", message, hint, ["filter", "rules", position]);
  });
}

import type { Bound, Correlation, Rule } from "../ast.ts";
import type { Referable } from "../correlate/resolve-references.ts";
import { type Approximation, approximate } from "./approximate.ts";
import { compatEsqlCorrelation } from "./compat-correlation.ts";
import type { Conversion, ConvertOptions } from "./convert-rule.ts";
import { eqlField, exactEql } from "./exact-eql.ts";
import { esqlField, exactEsql } from "./exact-esql.ts";
import { type Expression, expressionsOf, negationsInside } from "./expression.ts";
import type { FieldTypes } from "./field-types.ts";
import { isNotConvertible, notConvertible } from "./not-convertible.ts";
import { writeExpression } from "./text-language.ts";

/**
 * Writes a correlation as one query. EQL says counts and orders exactly, by sequences. ES|QL counts in fixed buckets of time; as a
 * superset, in buckets of twice the timespan that overlap by half, so that every window lies within one.
 *
 * `targets` is what `correlation.rules` refers to, in that order.
 */
export function convertCorrelation(
  correlation: Correlation,
  targets: readonly Referable[],
  options: ConvertOptions,
): Conversion {
  try {
    const rules = targets.map((target) => {
      if (target.kind === "rule") return target;
      throw notConvertible("Correlations of correlations cannot be written as one query.");
    });
    const { target, fidelity, index } = options;
    if (target === "esql" && fidelity === "compat") {
      const warnings = ["Written as pySigma does: what spans two buckets of time is not seen."];
      return converted(compatEsqlCorrelation(correlation, rules, index), false, warnings);
    }
    if (target === "eql" && fidelity !== "compat")
      return converted(eqlSequence(correlation, rules, options), false, []);
    if (target === "esql" && fidelity === "superset") return esqlSuperset(correlation, rules, options);
    throw notConvertible(whyNot(options));
  } catch (error) {
    if (isNotConvertible(error)) return { kind: "refused", reasons: [error.message] };
    throw error;
  }
}

function whyNot({ target, fidelity }: ConvertOptions): string {
  if (target === "esql") return "ES|QL counts in fixed buckets of time, not in sliding windows; ask for a superset.";
  return `There is no correlation in ${target}${fidelity === "compat" ? " as pySigma writes it" : ""}.`;
}

function converted(query: string, postFilter: boolean, warnings: readonly string[]): Conversion {
  return { kind: "converted", queries: [query], postFilter, warnings };
}

/** `n` events of one rule, or all rules in order, within the timespan. */
function eqlSequence(correlation: Correlation, rules: readonly Rule[], options: ConvertOptions): string {
  const { measure, timespan, groupBy } = correlation;
  const steps = rules.map((rule) => `[any where ${conditionOf(rule, options.fieldTypes)}]`);
  const span = `with maxspan=${timespan.seconds}s`;
  const least = leastOf(correlation);
  const keys = (rule: number): string => {
    const fields = groupBy.map((field) => correlation.aliases.get(field)?.get(correlation.rules[rule] ?? "") ?? field);
    return fields.length === 0 ? "" : ` by ${fields.map(eqlField).join(", ")}`;
  };
  if (measure.type === "event_count" && steps.length === 1) {
    if (least < 2) throw notConvertible("An EQL sequence has at least two events.");
    return `sequence ${span}\n  ${steps[0]}${keys(0)} with runs=${least}`;
  }
  if (measure.type === "temporal_ordered" && steps.length > 1 && least === steps.length) {
    return `sequence ${span}\n${steps.map((step, rule) => `  ${step}${keys(rule)}`).join("\n")}`;
  }
  throw notConvertible("EQL says only how often one rule matches, and that all rules match in order.");
}

function conditionOf(rule: Rule, types: FieldTypes): string {
  const language = exactEql(types);
  return expressionsOf(rule)
    .map((expression) => writeExpression(negationsInside(expression), language))
    .map((text, _, all) => (all.length > 1 ? `(${text})` : text))
    .join(" or ");
}

/** The least count that fires, where that is all the bounds say. */
function leastOf({ test }: Correlation): number {
  if (test.kind !== "bounds") throw notConvertible("An expression over rules cannot be written as one query.");
  const least = test.bounds.map((bound) => leastOfBound(bound));
  return Math.max(...least);
}

function leastOfBound({ op, value }: Bound): number {
  if (op === "gte") return Math.ceil(value);
  if (op === "gt") return Math.floor(value) + 1;
  throw notConvertible("Only conditions on at least so many can be written as one query.");
}

function esqlSuperset(correlation: Correlation, rules: readonly Rule[], options: ConvertOptions): Conversion {
  if (correlation.aliases.size > 0) throw notConvertible("ES|QL has no aliases.");
  const language = exactEsql(options.fieldTypes);
  const approximated = rules.map((rule) => expressionsOf(rule).map((each) => approximate(each, language.leaf)));
  const reasons = approximated.flat().flatMap((each) => each.reasons);
  const conditions = approximated.map((each) =>
    anyOf(
      each.map(({ expression }) => expression),
      options.fieldTypes,
    ),
  );
  const seconds = correlation.timespan.seconds;
  const groupBy = correlation.groupBy.map(esqlField);
  const present = groupBy.map((field) => ` and ${field} is not null`).join("");
  const [marks, count] = counting(correlation, conditions);
  const query = [
    `from ${options.index} metadata _id, _index, _version`,
    `where (${conditions.join(" or ")})${present}`,
    ...marks,
    `eval sigma_window = date_trunc(${seconds} seconds, @timestamp)`,
    `eval sigma_window = mv_append(sigma_window, sigma_window - ${seconds} seconds)`,
    "mv_expand sigma_window",
    `stats sigma_count = ${count} by ${["sigma_window", ...groupBy].join(", ")}`,
    `where sigma_count >= ${leastOf(correlation)}`,
  ].join("\n| ");
  const window = "ES|QL counts in windows of twice the timespan; the correlation has to be run again on what is found.";
  return converted(query, true, [window, ...reasons]);
}

function anyOf(expressions: readonly Approximation[], types: FieldTypes): string {
  const written = expressions.map((expression) => {
    if (expression.kind === "everything") return "true";
    return expression.kind === "nothing" ? "false" : `(${writeCondition(expression, types)})`;
  });
  return written.join(" or ");
}

function writeCondition(expression: Expression, types: FieldTypes): string {
  return writeExpression(expression, exactEsql(types));
}

/** Columns to mark rules with, and what is counted. */
function counting({ measure }: Correlation, conditions: readonly string[]): readonly [readonly string[], string] {
  switch (measure.type) {
    case "event_count":
      return [[], "count(*)"];
    case "temporal":
    case "temporal_ordered": {
      const names = conditions.map((_, index) => `sigma_rule_${index}`);
      const marks = conditions.map((condition, index) => `${names[index]} = case(${condition}, 1, 0)`);
      return [[`eval ${marks.join(", ")}`], names.map((name) => `max(${name})`).join(" + ")];
    }
    default:
      throw notConvertible(
        `A superset of ${measure.type} is not to be had in ES|QL: its counts are estimates, or may fall again.`,
      );
  }
}

import type { Bound, Correlation, Rule, RuleExpression } from "../../src/sigma/ast.ts";
import type { MatchedEvent } from "../../src/sigma/correlate/create-correlator.ts";

interface Counted {
  readonly time: number;
  readonly event: Readonly<Record<string, unknown>>;
  readonly rules: readonly string[];
}

/** One line an alert: what a correlator must give, worked out anew from the whole stream at every event. */
export function expectedAlerts(
  rules: readonly Rule[],
  correlations: readonly Correlation[],
  stream: readonly MatchedEvent[],
): string[] {
  const sorted = stream
    .map((matched, index) => ({ matched, index }))
    .sort((a, b) => a.matched.time - b.matched.time || a.index - b.index);
  const silent = new Set(correlations.flatMap((each) => (each.generate ? [] : each.rules)));
  const lists = new Map<Correlation, Map<string, Counted[]>>(correlations.map((each) => [each, new Map()]));
  const lines: string[] = [];
  for (const { matched } of sorted) {
    const names = rules.filter((rule) => matched.rules.includes(rule)).map((rule) => rule.metadata.name ?? "");
    const occurrences = [{ event: matched.event, names }];
    for (const correlation of correlations) {
      const fired: { event: Readonly<Record<string, unknown>>; names: string[] }[] = [];
      for (const occurrence of occurrences) {
        const hit = correlation.rules.filter((name) => occurrence.names.includes(name));
        if (hit.length === 0) continue;
        const group = correlation.groupBy.map((field) => occurrence.event[field]);
        if (group.some((value) => value === undefined)) continue;
        if (!measurable(correlation, occurrence.event)) continue;
        const key = JSON.stringify(group);
        const counted = lists.get(correlation)?.get(key) ?? [];
        counted.push({ time: matched.time, event: occurrence.event, rules: hit });
        lists.get(correlation)?.set(key, counted);
        const window = counted.filter(({ time }) => time >= matched.time - correlation.timespan.seconds * 1000);
        if (!fires(correlation, window)) continue;
        const fields = Object.fromEntries(correlation.groupBy.map((field, index) => [field, String(group[index])]));
        fired.push({ event: { ...occurrence.event, ...fields }, names: [correlation.metadata.name ?? ""] });
        if (!silent.has(correlation.metadata.name ?? ""))
          lines.push(`${correlation.metadata.name}@${matched.time}${JSON.stringify(fields)}`);
      }
      occurrences.push(...fired);
    }
  }
  return lines;
}

function measurable({ measure }: Correlation, event: Readonly<Record<string, unknown>>): boolean {
  if (measure.type === "value_count") return measure.fields.every((field) => event[field] !== undefined);
  return !("field" in measure) || typeof event[measure.field] === "number";
}

function fires({ measure, test, rules }: Correlation, window: readonly Counted[]): boolean {
  if (measure.type === "temporal" && test.kind === "expression") {
    const seen = new Set(window.flatMap((each) => each.rules));
    return truth(test.expression, (rule) => seen.has(rule));
  }
  if (test.kind === "expression")
    return subsets(rules).some((set) => inOrder(set, window) && orderedTruth(test.expression, set, window, false));
  return test.bounds.every((bound) => keeps(measured(measure, rules, window), bound));
}

function measured(measure: Correlation["measure"], rules: readonly string[], window: readonly Counted[]): number {
  const numbers =
    "field" in measure ? window.map((each) => Number(each.event[measure.field])).sort((a, b) => a - b) : [];
  switch (measure.type) {
    case "event_count":
      return window.length;
    case "value_count":
      return new Set(window.map((each) => JSON.stringify(measure.fields.map((field) => each.event[field])))).size;
    case "temporal":
      return new Set(window.flatMap((each) => each.rules)).size;
    case "temporal_ordered":
      return Math.max(...subsets(rules).map((set) => (inOrder(set, window) ? set.length : 0)));
    case "value_sum":
      return numbers.reduce((sum, number) => sum + number, 0);
    case "value_avg":
      return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    case "value_median": {
      const half = numbers.length / 2;
      return numbers.length % 2 === 1
        ? (numbers[Math.floor(half)] ?? 0)
        : ((numbers[half - 1] ?? 0) + (numbers[half] ?? 0)) / 2;
    }
    case "value_percentile":
      return measure.percentile === 100 ? (numbers.at(-1) ?? 0) : (numbers[0] ?? 0);
  }
}

function subsets(rules: readonly string[]): string[][] {
  const sets: string[][] = [[]];
  for (const rule of rules) sets.push(...sets.map((set) => [...set, rule]));
  return sets;
}

/** Whether the rules can be found one after another, each in an event of its own: the first that fits is never worse. */
function inOrder(set: readonly string[], window: readonly Counted[]): boolean {
  let from = 0;
  for (const rule of set) {
    const found = window.findIndex((each, index) => index >= from && each.rules.includes(rule));
    if (found < 0) return false;
    from = found + 1;
  }
  return true;
}

function truth(expression: RuleExpression, holds: (rule: string) => boolean): boolean {
  if (expression.kind === "rule") return holds(expression.rule);
  if (expression.kind === "not") return !truth(expression.operand, holds);
  return expression.kind === "and"
    ? expression.operands.every((each) => truth(each, holds))
    : expression.operands.some((each) => truth(each, holds));
}

/** Asked-for rules must be in the set; denied ones nowhere in the window. */
function orderedTruth(
  expression: RuleExpression,
  set: readonly string[],
  window: readonly Counted[],
  denied: boolean,
): boolean {
  if (expression.kind === "rule") {
    return denied ? !window.some((each) => each.rules.includes(expression.rule)) : set.includes(expression.rule);
  }
  if (expression.kind === "not") return orderedTruth(expression.operand, set, window, !denied);
  const answers = expression.operands.map((each) => orderedTruth(each, set, window, denied));
  return (expression.kind === "and") !== denied ? answers.every((each) => each) : answers.some((each) => each);
}

function keeps(value: number, { op, value: bound }: Bound): boolean {
  return {
    lt: value < bound,
    lte: value <= bound,
    gt: value > bound,
    gte: value >= bound,
    eq: value === bound,
    neq: value !== bound,
  }[op];
}

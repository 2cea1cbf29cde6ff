import type { Bound, Correlation, RuleExpression } from "../ast.ts";
import { orderedSets } from "./ordered-sets.ts";
import type { WindowEntry } from "./window-entry.ts";

/** Keeps what a correlation counts in step with its window. */
export interface WindowMeasure {
  add(entry: WindowEntry): void;
  remove(entry: WindowEntry): void;
  /** What is measured now (undefined where nothing can be: no numbers), and whether the correlation fires. */
  read(entries: readonly WindowEntry[]): Reading;
}

export interface Reading {
  readonly measured: number | undefined;
  readonly fires: boolean;
}

/** Makes the measure of a correlation for one group. */
export function createMeasure(correlation: Correlation): WindowMeasure {
  const { measure, test } = correlation;
  switch (measure.type) {
    case "event_count":
      return stateless((entries) => withBounds(entries.length, boundsOf(correlation)));
    case "value_count":
      return distinctMeasure(boundsOf(correlation));
    case "temporal":
      return seenMeasure(correlation);
    case "temporal_ordered":
      return stateless((entries) => {
        const sets = orderedSets(entries, correlation.rules.length);
        if (test.kind === "bounds") return withBounds(Math.max(...sets.map(bitCount)), test.bounds);
        const seen = new Set(entries.flatMap((entry) => entry.rules));
        const inOrder = (set: number): Holds => ({
          asked: (rule) => (set >> rule) % 2 === 1,
          denied: (rule) => !seen.has(rule),
        });
        const fires = sets.some((set) => expressionHolds(test.expression, correlation.rules, inOrder(set)));
        return { measured: seen.size, fires };
      });
    default: {
      const aggregate = aggregates[measure.type];
      const rank = measure.type === "value_percentile" ? measure.percentile : 50;
      return stateless((entries) => {
        const numbers = entries.flatMap((entry) => entry.values.filter((value) => typeof value === "number"));
        return numbers.length === 0 ? nothing : withBounds(aggregate(numbers, rank), boundsOf(correlation));
      });
    }
  }
}

const nothing: Reading = { measured: undefined, fires: false };

const aggregates = {
  value_sum: sum,
  value_avg: (numbers: readonly number[]): number => sum(numbers) / numbers.length,
  value_median: percentile,
  value_percentile: percentile,
} as const;

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Percentile by linear interpolation between the closest ranks (Hyndman and Fan, type 7); 50 is the median. */
export function percentile(numbers: readonly number[], rank: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = (rank / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? 0;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

function stateless(read: (entries: readonly WindowEntry[]) => Reading): WindowMeasure {
  return { add: () => undefined, remove: () => undefined, read };
}

function distinctMeasure(bounds: readonly Bound[]): WindowMeasure {
  const counts = new Map<string | number, number>();
  const change = (entry: WindowEntry, by: number): void => {
    for (const value of entry.values) {
      const count = (counts.get(value) ?? 0) + by;
      if (count === 0) counts.delete(value);
      else counts.set(value, count);
    }
  };
  return {
    add: (entry) => change(entry, 1),
    remove: (entry) => change(entry, -1),
    read: () => withBounds(counts.size, bounds),
  };
}

function seenMeasure(correlation: Correlation): WindowMeasure {
  const { test, rules } = correlation;
  const counts = rules.map(() => 0);
  const change = (entry: WindowEntry, by: number): void => {
    for (const rule of entry.rules) counts[rule] = (counts[rule] ?? 0) + by;
  };
  const seen = (rule: number): boolean => (counts[rule] ?? 0) > 0;
  return {
    add: (entry) => change(entry, 1),
    remove: (entry) => change(entry, -1),
    read: () => {
      const measured = counts.filter((count) => count > 0).length;
      if (test.kind === "bounds") return withBounds(measured, test.bounds);
      const holds: Holds = { asked: seen, denied: (rule) => !seen(rule) };
      return { measured, fires: expressionHolds(test.expression, rules, holds) };
    },
  };
}

function withBounds(measured: number, bounds: readonly Bound[]): Reading {
  return { measured, fires: bounds.every((bound) => boundHolds(measured, bound)) };
}

function boundsOf({ test }: Correlation): readonly Bound[] {
  return test.kind === "bounds" ? test.bounds : [];
}

/** Whether a number keeps a bound. */
function boundHolds(measured: number, { op, value }: Bound): boolean {
  switch (op) {
    case "lt":
      return measured < value;
    case "lte":
      return measured <= value;
    case "gt":
      return measured > value;
    case "gte":
      return measured >= value;
    case "eq":
      return measured === value;
    case "neq":
      return measured !== value;
  }
}

/** Whether a rule counts as seen where an expression asks for it, and as not seen where it denies it. */
interface Holds {
  readonly asked: (rule: number) => boolean;
  readonly denied: (rule: number) => boolean;
}

function expressionHolds(expression: RuleExpression, rules: readonly string[], holds: Holds, denied = false): boolean {
  switch (expression.kind) {
    case "rule": {
      const rule = rules.indexOf(expression.rule);
      return denied ? holds.denied(rule) : holds.asked(rule);
    }
    case "not":
      return expressionHolds(expression.operand, rules, holds, !denied);
    default: {
      const every = (expression.kind === "and") !== denied;
      const answer = (operand: RuleExpression): boolean => expressionHolds(operand, rules, holds, denied);
      return every ? expression.operands.every(answer) : expression.operands.some(answer);
    }
  }
}

function bitCount(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

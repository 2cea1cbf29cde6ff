import type { Condition, Detection, Item, Rule } from "../ast.ts";
import { selectionsOf } from "../parse/select.ts";
import type { AtomTable } from "./atom-table.ts";

/** Answers whether an atom holds for the event at hand. */
export interface AtomAnswers {
  holds(atom: number): boolean;
}

type Predicate = (answers: AtomAnswers) => boolean;

/** A part of a rule: how to ask it, and the atoms of which one is hit whenever it holds. */
export interface Plan {
  readonly ask: Predicate;
  readonly triggers: readonly number[] | undefined;
  readonly cost: number;
}

/** Plans a rule; undefined where its conditions ask for nothing. Throws `sigma_unmatchable` as the atoms do. */
export function planRule(rule: Rule, table: AtomTable): Plan | undefined {
  return either(rule.conditions.flatMap((condition) => planCondition(condition, rule, table) ?? []));
}

function planCondition(condition: Condition, rule: Rule, table: AtomTable): Plan | undefined {
  switch (condition.kind) {
    case "selection": {
      const detection = rule.detections.get(condition.name);
      return detection === undefined ? undefined : planDetection(detection, table);
    }
    case "of": {
      const parts = selectionsOf(condition.pattern, rule.detections).flatMap(
        (name) => planCondition({ kind: "selection", name }, rule, table) ?? [],
      );
      return condition.linking === "all" ? both(parts) : either(parts);
    }
    case "not": {
      const inner = planCondition(condition.operand, rule, table);
      return inner === undefined ? undefined : negate(inner);
    }
    default: {
      const parts = condition.operands.flatMap((operand) => planCondition(operand, rule, table) ?? []);
      return condition.kind === "and" ? both(parts) : either(parts);
    }
  }
}

function planDetection(detection: Detection, table: AtomTable): Plan {
  const parts = detection.members.map((member) =>
    member.kind === "detection" ? planDetection(member, table) : planItem(member, table),
  );
  const all = detection.linking === "all";
  return (all ? both(parts) : either(parts)) ?? constant(all);
}

function planItem(item: Item, table: AtomTable): Plan {
  const groups = item.linking === "all" ? item.values.map((value) => [value]) : [item.values];
  const parts = groups.map((values): Plan => {
    const { atom, triggers, cost } = table.atomOf(item, values);
    return { ask: (answers) => answers.holds(atom), triggers, cost };
  });
  const plan = both(parts) ?? constant(true);
  return item.negated ? negate(plan) : plan;
}

function constant(answer: boolean): Plan {
  return { ask: () => answer, triggers: answer ? undefined : [], cost: answer ? Number.POSITIVE_INFINITY : 0 };
}

function negate(plan: Plan): Plan {
  const { ask } = plan;
  return { ask: (answers) => !ask(answers), triggers: undefined, cost: Number.POSITIVE_INFINITY };
}

/** All parts hold; the cheapest part's triggers announce it. */
function both(parts: readonly Plan[]): Plan | undefined {
  const [first, second] = parts;
  if (first === undefined || second === undefined) return first;
  const cheapest = parts.reduce((best, part) => (part.cost < best.cost ? part : best));
  const asks = parts.map((part) => part.ask);
  return { ask: allOf(asks), triggers: cheapest.triggers, cost: cheapest.cost };
}

/** Any part holds; all their triggers together announce it. */
function either(parts: readonly Plan[]): Plan | undefined {
  const [first, second] = parts;
  if (first === undefined || second === undefined) return first;
  const triggers = parts.every((part) => part.triggers !== undefined)
    ? [...new Set(parts.flatMap((part) => part.triggers ?? []))]
    : undefined;
  const asks = parts.map((part) => part.ask);
  return { ask: anyOf(asks), triggers, cost: parts.reduce((sum, part) => sum + part.cost, 0) };
}

function allOf(asks: readonly Predicate[]): Predicate {
  return (answers) => {
    for (let index = 0; index < asks.length; index += 1) if (asks[index]?.(answers) === false) return false;
    return true;
  };
}

function anyOf(asks: readonly Predicate[]): Predicate {
  return (answers) => {
    for (let index = 0; index < asks.length; index += 1) if (asks[index]?.(answers) === true) return true;
    return false;
  };
}

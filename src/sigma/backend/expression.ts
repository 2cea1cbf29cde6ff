import type { Condition, Detection, Detections, Item, Rule, Value } from "../ast.ts";
import { selectionsOf } from "../parse/select.ts";

/** A condition with its selections put in: what a query says. */
export type Expression =
  | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | Leaf;

export type Leaf = FieldLeaf | KeywordLeaf;

export interface FieldLeaf {
  readonly kind: "field";
  readonly field: string;
  readonly value: Value;
}

interface KeywordLeaf {
  readonly kind: "keyword";
  readonly value: Value;
}

/** One expression a condition; the rule matches when any of them holds. */
export function expressionsOf(rule: Rule): readonly Expression[] {
  return rule.conditions.flatMap((condition) => ofCondition(condition, rule.detections) ?? []);
}

/** Undefined where nothing is left to ask, as when no selection fits a pattern. */
function ofCondition(condition: Condition, detections: Detections): Expression | undefined {
  switch (condition.kind) {
    case "selection": {
      const detection = detections.get(condition.name);
      return detection && ofDetection(detection);
    }
    case "of": {
      const names = selectionsOf(condition.pattern, detections);
      const operands = names.flatMap((name) => ofCondition({ kind: "selection", name }, detections) ?? []);
      return link(condition.linking === "all" ? "and" : "or", operands);
    }
    case "not": {
      const operand = ofCondition(condition.operand, detections);
      return operand && { kind: "not", operand };
    }
    default:
      return link(
        condition.kind,
        condition.operands.flatMap((operand) => ofCondition(operand, detections) ?? []),
      );
  }
}

function ofDetection(detection: Detection): Expression | undefined {
  const operands = detection.members.flatMap((member) =>
    member.kind === "detection" ? (ofDetection(member) ?? []) : (ofItem(member) ?? []),
  );
  return link(detection.linking === "all" ? "and" : "or", operands);
}

function ofItem(item: Item): Expression | undefined {
  const leaves = item.values.map(
    (value): Leaf => (item.kind === "field" ? { kind: "field", field: item.field, value } : { kind: "keyword", value }),
  );
  const linked = link(item.linking === "all" ? "and" : "or", leaves);
  return linked && item.negated ? { kind: "not", operand: linked } : linked;
}

function link(kind: "and" | "or", operands: readonly Expression[]): Expression | undefined {
  return operands.length > 1 ? { kind, operands } : operands[0];
}

/** The same expression with `not` at single comparisons only. */
export function negationsInside(expression: Expression, denied = false): Expression {
  switch (expression.kind) {
    case "not":
      return negationsInside(expression.operand, !denied);
    case "and":
    case "or": {
      const kind = (expression.kind === "and") !== denied ? "and" : "or";
      return { kind, operands: expression.operands.map((operand) => negationsInside(operand, denied)) };
    }
    default:
      return denied ? { kind: "not", operand: expression } : expression;
  }
}

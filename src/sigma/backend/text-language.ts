import type { Value } from "../ast.ts";
import type { Expression, FieldLeaf, Leaf } from "./expression.ts";

/** How a query language writes comparisons and what binds them. */
export interface TextLanguage {
  readonly and: string;
  readonly or: string;
  readonly not: string;
  /** Operators, the tightest first. */
  readonly order: readonly ("not" | "and" | "or")[];
  /** Parentheses around every operand that is not a single comparison. */
  readonly alwaysGroup: boolean;
  leaf(leaf: Leaf): string;
  /** Several values of one field as a list, where the language has lists for them. */
  readonly list?: (field: string, values: readonly Value[]) => string | undefined;
  /** Operands a parser takes in a row; longer rows are written in groups. */
  readonly maxOperands?: number;
  /** How what is in parentheses is negated; `not` in front where left out. */
  readonly negate?: (text: string) => string;
  /** How a single comparison is negated, where that takes more than `not` in front. */
  readonly negateLeaf?: (leaf: Leaf, text: string) => string;
  /** A test for null is written as a negation of its own: how, and how its opposite is. */
  readonly nullTest?: { readonly negated: (leaf: FieldLeaf) => string };
}

/** Writes an expression in a query language. */
export function writeExpression(expression: Expression, language: TextLanguage): string {
  switch (expression.kind) {
    case "and":
      return writeOperands("and", expression.operands, language);
    case "or":
      return writeList(expression.operands, language) ?? writeOperands("or", expression.operands, language);
    case "not":
      return writeNot(expression.operand, language);
    default:
      return language.leaf(expression);
  }
}

/** Several leaves of one field, as a list. */
export function writeList(operands: readonly Expression[], language: TextLanguage): string | undefined {
  const [first] = operands;
  if (language.list === undefined || first?.kind !== "field") return undefined;
  const values = operands.map((operand) =>
    operand.kind === "field" && operand.field === first.field ? operand.value : undefined,
  );
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? language.list(first.field, known) : undefined;
}

function writeOperands(kind: "and" | "or", operands: readonly Expression[], language: TextLanguage): string {
  const written = operands.map((operand) => {
    const text = writeExpression(operand, language);
    return needsGroup(kind, operand, language) ? `(${text})` : text;
  });
  return joinInGroups(written, ` ${language[kind]} `, language.maxOperands ?? written.length);
}

function joinInGroups(written: readonly string[], joiner: string, most: number): string {
  if (written.length <= most) return written.join(joiner);
  const groups: string[] = [];
  for (let from = 0; from < written.length; from += most)
    groups.push(`(${written.slice(from, from + most).join(joiner)})`);
  return joinInGroups(groups, joiner, most);
}

function writeNot(operand: Expression, language: TextLanguage): string {
  if (language.nullTest !== undefined && operand.kind === "field" && operand.value.kind === "null") {
    return language.nullTest.negated(operand);
  }
  const text = writeExpression(operand, language);
  if (language.negateLeaf !== undefined && isLeaf(operand)) return language.negateLeaf(operand, text);
  if (language.negate !== undefined) return language.negate(text);
  return `${language.not} ${isLeaf(operand) ? text : `(${text})`}`;
}

function needsGroup(outer: "and" | "or", inner: Expression, language: TextLanguage): boolean {
  if (language.nullTest !== undefined) {
    if (inner.kind === "not" && isNullTest(inner.operand)) return false;
    if (isNullTest(inner)) return true;
  }
  if (language.alwaysGroup && !isLeaf(inner)) return true;
  const kind = isLeaf(inner) ? (inner.value.kind === "expansion" ? "or" : undefined) : inner.kind;
  return kind !== undefined && language.order.indexOf(kind) > language.order.indexOf(outer);
}

function isNullTest(expression: Expression): boolean {
  return expression.kind === "field" && expression.value.kind === "null";
}

function isLeaf(expression: Expression): expression is Leaf {
  return expression.kind === "field" || expression.kind === "keyword";
}

import type { Rule } from "../ast.ts";
import { type Approximated, type Approximation, approximate } from "./approximate.ts";
import { type CompatTarget, compatQueries } from "./compat-query.ts";
import { exactEql } from "./exact-eql.ts";
import { exactEsql } from "./exact-esql.ts";
import { exactKql } from "./exact-kql.ts";
import { exactLucene } from "./exact-lucene.ts";
import { type Expression, expressionsOf, negationsInside } from "./expression.ts";
import type { FieldTypes } from "./field-types.ts";
import { isNotConvertible, notConvertible } from "./not-convertible.ts";
import { type DslQuery, writeDsl, writeDslLeaf } from "./query-dsl.ts";
import { type TextLanguage, writeExpression } from "./text-language.ts";

/** A query language a rule can be written in. */
export type Target = "lucene" | "dsl" | "eql" | "esql" | "kql" | "ppl";

/**
 * `exact`: finds the events the rule matches, or is refused. `superset`: where that cannot be said, finds more, and says so; the
 * rule then has to be matched again on what is found. `compat`: what pySigma's backends write, right or wrong.
 */
export type Fidelity = "exact" | "superset" | "compat";

export interface ConvertOptions {
  readonly target: Target;
  readonly fidelity: Fidelity;
  readonly fieldTypes: FieldTypes;
  /** Where ES|QL reads from. */
  readonly index: string;
}

export type Conversion =
  | {
      readonly kind: "converted";
      /** One a condition; texts, or objects of the query DSL. */
      readonly queries: readonly (string | DslQuery)[];
      /** The queries find more than the rule matches. */
      readonly postFilter: boolean;
      readonly warnings: readonly string[];
    }
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

/** Writes a rule in a target's language. */
export function convertRule(rule: Rule, options: ConvertOptions): Conversion {
  try {
    return options.fidelity === "compat" ? convertCompat(rule, options) : convertOwn(rule, options);
  } catch (error) {
    if (isNotConvertible(error)) return { kind: "refused", reasons: [error.message] };
    throw error;
  }
}

function convertCompat(rule: Rule, { target, index }: ConvertOptions): Conversion {
  if (!isCompatTarget(target)) {
    return { kind: "refused", reasons: [`There is no compatible form of ${target}: choose lucene, eql, esql or ppl.`] };
  }
  const warnings = ["Written as pySigma does; it may find other events than the rule matches (docs/sigma.md)."];
  return { kind: "converted", queries: compatQueries(rule, target, index), postFilter: false, warnings };
}

function isCompatTarget(target: Target): target is CompatTarget {
  return target === "lucene" || target === "eql" || target === "esql" || target === "ppl";
}

function convertOwn(rule: Rule, options: ConvertOptions): Conversion {
  if (options.target === "ppl") {
    return { kind: "refused", reasons: ["PPL is written only as pySigma does (fidelity compat), which is not exact."] };
  }
  const approximations = expressionsOf(rule).map((expression) => approximateFor(expression, options));
  const reasons = [...new Set(approximations.flatMap((each) => each.reasons))];
  if (reasons.length > 0 && options.fidelity === "exact") return { kind: "refused", reasons };
  return {
    kind: "converted",
    queries: approximations.map(({ expression }) => writeQuery(expression, options)),
    postFilter: reasons.length > 0,
    warnings: reasons,
  };
}

function approximateFor(expression: Expression, { target, fieldTypes }: ConvertOptions): Approximated {
  const language = languageOf(target, fieldTypes);
  return approximate(expression, (leaf) =>
    language === undefined ? writeDslLeaf(leaf, fieldTypes) : language.leaf(leaf),
  );
}

function languageOf(target: Target, types: FieldTypes): TextLanguage | undefined {
  switch (target) {
    case "lucene":
      return exactLucene(types);
    case "eql":
      return exactEql(types);
    case "esql":
      return exactEsql(types);
    case "kql":
      return exactKql(types);
    default:
      return undefined;
  }
}

function writeQuery(expression: Approximation, { target, fieldTypes, index }: ConvertOptions): string | DslQuery {
  const language = languageOf(target, fieldTypes);
  if (language === undefined) return writeDsl(expression, fieldTypes);
  if (target === "esql" && leavesOf(expression) > maxEsqlLeaves) {
    throw notConvertible(`ES|QL with more than ${maxEsqlLeaves} comparisons can bring a server down; choose dsl.`);
  }
  const constant = expression.kind === "everything" || expression.kind === "nothing";
  const condition = constant ? constants[target][expression.kind] : writeCondition(expression, target, language);
  if (target === "eql") return `any where ${condition}`;
  return target === "esql" ? `from ${index} metadata _id, _index, _version | where ${condition}` : condition;
}

function writeCondition(expression: Expression, target: Target, language: TextLanguage): string {
  return writeExpression(target === "eql" ? negationsInside(expression) : expression, language);
}

/** Elasticsearch 8.19 with a heap of 1 GB runs out of it at 4,400. */
const maxEsqlLeaves = 1_000;

function leavesOf(expression: Approximation): number {
  if (expression.kind === "not") return leavesOf(expression.operand);
  if (expression.kind !== "and" && expression.kind !== "or") return 1;
  return expression.operands.reduce((sum, operand) => sum + leavesOf(operand), 0);
}

const constants: Readonly<Record<Target, { readonly everything: string; readonly nothing: string }>> = {
  lucene: { everything: "*:*", nothing: "NOT *:*" },
  dsl: { everything: "", nothing: "" },
  eql: { everything: "true", nothing: "false" },
  esql: { everything: "true", nothing: "false" },
  kql: { everything: "*", nothing: "not *" },
  ppl: { everything: "true", nothing: "false" },
};

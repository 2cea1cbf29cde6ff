import type { Rule } from "../ast.ts";
import { compatEql } from "./compat-eql.ts";
import { compatEsql } from "./compat-esql.ts";
import { compatLucene } from "./compat-lucene.ts";
import { compatPpl, moveWildcardsIn } from "./compat-ppl.ts";
import { type Expression, expressionsOf } from "./expression.ts";
import { writeExpression } from "./text-language.ts";

/** Languages that can be written just as pySigma's backends do, defects included. */
export type CompatTarget = "lucene" | "eql" | "esql" | "ppl";

/**
 * Writes a rule as pySigma's backends do (Elasticsearch 2.1, OpenSearch 2.0), byte for byte; one query a condition. Throws
 * `sigma_not_convertible` where they refuse too. docs/sigma.md lists what these queries get wrong.
 *
 * `index` is where ES|QL reads from.
 */
export function compatQueries(rule: Rule, target: CompatTarget, index = "*"): readonly string[] {
  return expressionsOf(rule).map((expression) => write(expression, rule, target, index));
}

function write(expression: Expression, rule: Rule, target: CompatTarget, index: string): string {
  switch (target) {
    case "lucene":
      return writeExpression(expression, compatLucene);
    case "eql":
      return `any where ${writeExpression(expression, compatEql)}`;
    case "esql":
      return `from ${index} metadata _id, _index, _version | where ${writeExpression(expression, compatEsql)}`;
    case "ppl":
      return `source=${pplIndex(rule)} | where ${moveWildcardsIn(writeExpression(expression, compatPpl))}`;
  }
}

function pplIndex({ logsource }: Rule): string {
  const parts = [logsource.product, logsource.category, logsource.service].filter((part) => part !== undefined);
  return parts.length === 0 ? "*" : `${parts.join("-")}-*`;
}

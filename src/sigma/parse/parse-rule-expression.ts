import type { RuleExpression } from "../ast.ts";
import { type Place, type Report, refuse } from "../problem.ts";
import { type BooleanGrammar, parseBoolean, SyntaxFault } from "./parse-boolean.ts";

/**
 * Reads `a and (b or not c)` over rule references. With a list of rules, expression and list must name the same ones.
 */
export function parseRuleExpression(
  text: string,
  listed: readonly string[] | undefined,
  place: Place,
  report: Report,
): RuleExpression | undefined {
  const grammar: BooleanGrammar<RuleExpression> = {
    token: /[()]|[^\s()]+/g,
    operand: (syntax) => {
      const offset = syntax.offset();
      const rule = syntax.take("a rule");
      if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(rule) && (listed?.includes(rule) ?? true)) return { kind: "rule", rule };
      const hint =
        listed === undefined ? "Write the name of a rule." : `The rules are: ${listed.slice(0, 8).join(", ")}.`;
      throw new SyntaxFault("correlation_condition", `${JSON.stringify(rule)} is no rule of it.`, hint, offset);
    },
    combine: (kind, operands) => ({ kind, operands }),
    negate: (operand) => ({ kind: "not", operand }),
  };
  try {
    const expression = parseBoolean(text, grammar);
    refuseUnused(expression, listed);
    return expression;
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return refuse(report, place, error.code, error.message, error.hint, error.offset);
  }
}

function refuseUnused(expression: RuleExpression, listed: readonly string[] | undefined): void {
  const used = new Set(rulesOf(expression));
  const unused = listed?.filter((rule) => !used.has(rule)) ?? [];
  if (unused.length === 0) return;
  const message = `The condition does not use ${unused.slice(0, 8).join(", ")}.`;
  throw new SyntaxFault("correlation_condition", message, "Use every rule, or leave it out of rules.", 0);
}

/** The rules an expression names, each once, in order. */
export function rulesOf(expression: RuleExpression): string[] {
  switch (expression.kind) {
    case "rule":
      return [expression.rule];
    case "not":
      return rulesOf(expression.operand);
    case "and":
    case "or":
      return [...new Set(expression.operands.flatMap(rulesOf))];
  }
}

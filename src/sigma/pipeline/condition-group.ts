import { type BooleanGrammar, parseBoolean, SyntaxFault } from "../parse/parse-boolean.ts";
import type { Group } from "./condition-schema.ts";

/** Asks all conditions of a group about one subject. */
export type Test<Ask> = (ask: Ask) => boolean;

interface GroupSettings<Condition> {
  readonly conditions: Group<Condition> | undefined;
  readonly op: "and" | "or" | undefined;
  readonly not: boolean | undefined;
  readonly expression: string | undefined;
}

/** A group that cannot mean anything. */
export class GroupFault extends Error {}

/**
 * Joins the conditions of a group: by the expression over their names, else by `op` (all, unless it is `or`), turned
 * round by `not`. Without conditions the test always holds, unless turned round.
 */
export function compileGroup<Condition, Ask>(
  { conditions = [], op, not = false, expression }: GroupSettings<Condition>,
  compile: (condition: Condition) => (ask: Ask) => boolean,
): Test<Ask> {
  const joined =
    expression === undefined ? joinAll(conditions, op, compile) : joinNamed(conditions, op, expression, compile);
  return not ? (ask) => !joined(ask) : joined;
}

function joinAll<Condition, Ask>(
  conditions: Group<Condition>,
  op: "and" | "or" | undefined,
  compile: (condition: Condition) => (ask: Ask) => boolean,
): Test<Ask> {
  const tests = Object.values(conditions).map(compile);
  return op === "or" ? (ask) => tests.some((test) => test(ask)) : (ask) => tests.every((test) => test(ask));
}

function joinNamed<Condition, Ask>(
  conditions: Group<Condition>,
  op: "and" | "or" | undefined,
  expression: string,
  compile: (condition: Condition) => (ask: Ask) => boolean,
): Test<Ask> {
  if (op !== undefined) throw new GroupFault("An expression and cond_op exclude each other.");
  if (Array.isArray(conditions)) throw new GroupFault("An expression needs named conditions, not a list.");
  const tests = new Map(Object.entries(conditions).map(([name, condition]) => [name, compile(condition)]));
  const unused = new Set(tests.keys());
  const grammar: BooleanGrammar<Test<Ask>> = {
    token: /[()]|[^\s()]+/g,
    operand: (syntax) => {
      const name = syntax.take("a condition");
      const test = tests.get(name);
      if (test === undefined) throw new GroupFault(`The expression names ${JSON.stringify(name)}, which is not there.`);
      unused.delete(name);
      return test;
    },
    combine: (kind, parts) =>
      kind === "or" ? (ask) => parts.some((part) => part(ask)) : (ask) => parts.every((part) => part(ask)),
    negate: (part) => (ask) => !part(ask),
  };
  const test = parseExpression(expression, grammar);
  if (unused.size > 0) throw new GroupFault(`The expression does not use ${[...unused].join(", ")}.`);
  return test;
}

function parseExpression<Node>(expression: string, grammar: BooleanGrammar<Node>): Node {
  try {
    return parseBoolean(expression, grammar);
  } catch (error) {
    if (error instanceof SyntaxFault) throw new GroupFault(`${error.message} ${error.hint}`);
    throw error;
  }
}

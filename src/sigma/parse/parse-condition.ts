import type { Condition } from "../ast.ts";
import { limits } from "../limits.ts";
import { type Place, type Report, refuse } from "../problem.ts";
import { closest } from "./closest.ts";
import { type BooleanGrammar, parseBoolean, type Syntax, SyntaxFault } from "./parse-boolean.ts";
import { selectionsOf } from "./select.ts";

/** Reads a condition: `or` binds least, then `and`, `not`, `1 of`. Every name must be a selection. */
export function parseCondition(
  text: string,
  names: ReadonlySet<string>,
  place: Place,
  report: Report,
): Condition | undefined {
  let selected = 0;
  const grammar: BooleanGrammar<Condition> = {
    token: /[()]|[^\s()]+/g,
    operand: (syntax) => {
      const operand = readOperand(syntax, names);
      selected += operand.kind === "of" ? selectionsOf(operand.pattern, names).length : 1;
      if (selected > limits.conditionSelections) {
        const message = `The condition stands for more than ${limits.conditionSelections} selections.`;
        throw new SyntaxFault("condition_too_large", message, "Name fewer selections.", syntax.offset());
      }
      return operand;
    },
    combine: (kind, operands) => ({ kind, operands }),
    negate: (operand) => ({ kind: "not", operand }),
  };
  try {
    refuseForeign(text);
    return parseBoolean(text, grammar);
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return refuse(report, place, error.code, error.message, error.hint, error.offset);
  }
}

function refuseForeign(text: string): void {
  const pipe = text.indexOf("|");
  if (pipe < 0) return;
  const hint = "Move the count into a correlation of this rule: type event_count or value_count, with a timespan.";
  throw new SyntaxFault("condition_aggregation", "Aggregations behind | are not read any more.", hint, pipe);
}

const quantifiers: ReadonlySet<string> = new Set(["1", "any", "all"]);

function readOperand(syntax: Syntax, names: ReadonlySet<string>): Condition {
  const offset = syntax.offset();
  const word = syntax.take("a selection");
  if (syntax.peek() === "of") {
    syntax.take("of");
    return readOf(word, offset, syntax, names);
  }
  if (names.has(word) && /^[\w-]+$/.test(word)) return { kind: "selection", name: word };
  throw unknownName(word, offset, names);
}

function readOf(quantifier: string, offset: number, syntax: Syntax, names: ReadonlySet<string>): Condition {
  if (!quantifiers.has(quantifier)) {
    const hint = "Write 1 of, any of or all of.";
    throw new SyntaxFault("condition_syntax", `${quantifier} of is no quantifier.`, hint, offset);
  }
  const patternOffset = syntax.offset();
  const pattern = syntax.take("them or a pattern");
  if (!/^[\w*-]+$/.test(pattern)) {
    const hint = "Write them, or a name with *.";
    throw new SyntaxFault(
      "condition_syntax",
      `${JSON.stringify(pattern)} is no pattern of names.`,
      hint,
      patternOffset,
    );
  }
  if (selectionsOf(pattern, names).length === 0) {
    const hint = `There are: ${listed(names)}.`;
    throw new SyntaxFault("condition_matches_none", `No selection fits ${pattern}.`, hint, patternOffset);
  }
  return { kind: "of", linking: quantifier === "all" ? "all" : "any", pattern };
}

function unknownName(word: string, offset: number, names: ReadonlySet<string>): SyntaxFault {
  if (/^(?:AND|OR|NOT|1|ALL|ANY|OF)$/i.test(word))
    return new SyntaxFault(
      "condition_syntax",
      `${word} cannot stand here.`,
      "Write operators in lower case: and, or, not.",
      offset,
    );
  if (word.includes("*"))
    return new SyntaxFault(
      "condition_syntax",
      `${word} needs a quantifier.`,
      `Write 1 of ${word} or all of ${word}.`,
      offset,
    );
  const near = closest(word, names);
  const hint = near === undefined ? `There are: ${listed(names)}.` : `Did you mean ${near}?`;
  return new SyntaxFault("condition_unknown_selection", `There is no selection ${JSON.stringify(word)}.`, hint, offset);
}

function listed(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, 8).join(", ");
  return names.size > 8 ? `${shown}, …` : shown;
}

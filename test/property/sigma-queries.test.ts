import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RegexFlag } from "../../src/sigma/ast.ts";
import { type Approximation, approximate } from "../../src/sigma/backend/approximate.ts";
import { expressionsOf, negationsInside } from "../../src/sigma/backend/expression.ts";
import { luceneRegex, luceneRegexOfString } from "../../src/sigma/backend/lucene-regex.ts";
import { isNotConvertible, notConvertible } from "../../src/sigma/backend/not-convertible.ts";
import { eventScalars, fieldValues } from "../../src/sigma/match/field-values.ts";
import { interpretRule } from "../../src/sigma/match/interpret-rule.ts";
import { matchesText, textPattern } from "../../src/sigma/match/match-string.ts";
import { compileRegex } from "../../src/sigma/match/sigma-regex.ts";
import { compileFieldTest, compileKeywordTest } from "../../src/sigma/match/value-test.ts";
import { event, rule, text } from "./sigma-samples.ts";

type Event = Readonly<Record<string, unknown>>;

function holds(expression: Approximation, sample: Event): boolean {
  switch (expression.kind) {
    case "everything":
      return true;
    case "nothing":
      return false;
    case "and":
      return expression.operands.every((operand) => holds(operand, sample));
    case "or":
      return expression.operands.some((operand) => holds(operand, sample));
    case "not":
      return !holds(expression.operand, sample);
    case "keyword":
      return eventScalars(sample).some(compileKeywordTest(expression.value));
    case "field": {
      const read = (field: string): ReturnType<typeof fieldValues> => fieldValues(sample, field);
      return compileFieldTest(expression.value)(read(expression.field), read);
    }
  }
}

describe("expressions", () => {
  it("hold when the rule matches, with negations wherever they stand", () => {
    const property = fc.property(rule, event, (one, sample) => {
      const expressions = expressionsOf(one);
      const expected = interpretRule(one, sample);
      expect(expressions.some((each) => holds(each, sample))).toBe(expected);
      expect(expressions.some((each) => holds(negationsInside(each), sample))).toBe(expected);
    });
    fc.assert(property, { numRuns: 3_000 });
  });

  it("hold for no fewer events when parts are left out, whichever they are", () => {
    let wider = 0;
    const property = fc.property(rule, event, fc.infiniteStream(fc.boolean()), (one, sample, dropped) => {
      for (const expression of expressionsOf(one)) {
        const { expression: approximated, reasons } = approximate(expression, () => {
          if (dropped.next().value === true) throw notConvertible("dropped");
        });
        const exact = holds(expression, sample);
        const widened = holds(approximated, sample);
        if (exact) expect(widened).toBe(true);
        if (reasons.length === 0) expect(widened).toBe(exact);
        if (widened && !exact) wider += 1;
      }
    });
    fc.assert(property, { numRuns: 3_000 });
    expect(wider).toBeGreaterThan(100);
  });
});

/** Lucene's regexes, as far as we write them, are JavaScript's; they cover the whole text, and `.` takes newlines. */
function coversWhole(lucene: string, sample: string): boolean {
  return new RegExp(`^(?:${lucene})$`, "s").test(sample);
}

describe("regexes for search engines", () => {
  const pieces = [
    "a",
    "b",
    "A",
    "\\.",
    ".",
    "(a|b)",
    "(?:ab)?",
    "[ab]",
    "[^a]",
    "[a-bX]",
    "a*",
    "b+?",
    "a{1,2}",
    "\\d",
    "\\D",
    "\\w",
    "\\s",
    "\\\\",
    "x",
    "\n",
    "]",
    "-",
  ];
  const body = fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((list) => list.join(""));
  const anchored = fc
    .tuple(fc.constantFrom("", "^", "(^|x)", "(?:^|a)"), body, fc.constantFrom("", "$", "(b|$)"))
    .map((parts) => parts.join(""));
  const source = fc.oneof(
    anchored,
    fc.tuple(anchored, anchored).map((both) => both.join("|")),
  );
  const flags = fc.subarray<RegexFlag>(["i", "s"]).map((list) => new Set(list));
  const sample = fc.oneof(
    text,
    fc.string({ unit: fc.constantFrom("a", "b", "A", "X", "x", "1", ".", "\n", "\\", " "), maxLength: 8 }),
  );

  it("find what RE2 finds", () => {
    let found = 0;
    const property = fc.property(source, flags, sample, (pattern, set, where) => {
      // JavaScript reads a pair of surrogates as two characters unless escapes are stricter; search engines read one.
      fc.pre(!/[ſ\ud800-\udfff]/.test(where));
      const value = { kind: "regex", parts: [pattern], flags: set } as const;
      const expected = compileRegex(value)(where);
      try {
        expect(coversWhole(luceneRegex(value), where)).toBe(expected);
        found += Number(expected);
      } catch (error) {
        if (!isNotConvertible(error)) throw error;
      }
    });
    fc.assert(property, { numRuns: 5_000 });
    expect(found).toBeGreaterThan(1_000);
  });

  it("cover the texts that a string with wildcards covers", () => {
    const part = fc.oneof(
      text.filter((each) => /^[^ſςΣİ😀\ud800]+$/u.test(each)),
      fc.constantFrom({ kind: "any" as const }, { kind: "one" as const }),
    );
    const property = fc.property(fc.array(part, { maxLength: 4 }), fc.boolean(), sample, (parts, cased, where) => {
      fc.pre(/^[^ſςΣİ😀\ud800]*$/u.test(where));
      const value = { kind: "string", parts, cased } as const;
      expect(coversWhole(luceneRegexOfString(value), where)).toBe(matchesText(textPattern(value), where));
    });
    fc.assert(property, { numRuns: 3_000 });
  });
});

import { describe, expect, it } from "vitest";
import { compileRules, explainRule, unmatchableReason } from "../../src/sigma/index.ts";
import { interpretRule } from "../../src/sigma/match/interpret-rule.ts";
import { timePartOf } from "../../src/sigma/match/time-part.ts";
import { onlyRule, ruleText } from "./sigma-samples.ts";

function selection(items: string): string {
  return `  selection:\n    ${items}\n  condition: selection\n`;
}

/** What compiled matcher and interpreter both say. */
function matches(detection: string, event: Readonly<Record<string, unknown>>): boolean {
  const rule = onlyRule(ruleText(detection));
  const interpreted = interpretRule(rule, event);
  expect(compileRules([rule]).match(event).length === 1).toBe(interpreted);
  return interpreted;
}

describe("matching in process", () => {
  it.each([
    ["F: AbC", { F: "aBc" }, true],
    ["F|cased: AbC", { F: "aBc" }, false],
    ["F: a?c", { F: "a😀c" }, true],
    ["F: 'a\\*c'", { F: "abc" }, false],
    ["F|contains: ΟΣ", { F: "οδος" }, true],
    ["F: 5", { F: "5" }, true],
    ["F: 5", { F: "x5" }, false],
    ["F: '5'", { F: 5 }, true],
    ["F|gte: 5", { F: "10" }, true],
    ["F|gte: 5", { F: "ten" }, false],
    ["F: true", { F: "TRUE" }, true],
    ["F: null", {}, true],
    ["F: null", { F: [] }, true],
    ["F: null", { F: "" }, false],
    ["F: ''", { F: "" }, true],
    ["F: ''", {}, false],
    ["F|exists: true", { F: null }, true],
    ["F|exists: false", { G: 1 }, true],
    ["F|neq: a", {}, true],
    ["F|neq: a", { F: "A" }, false],
    ["a.b.c: x", { a: { "b.c": "x" } }, true],
    ["a.b.c: x", { "a.b": [{ c: ["y", "x"] }] }, true],
    ["a.b: x", { a: { b: { c: "x" } } }, false],
    ["__proto__: x", JSON.parse('{"__proto__":"x"}'), true],
    ["F|re: b.d", { F: "abcde" }, true],
    ["F|re: B.D", { F: "abcde" }, false],
    ["F|cidr: 10.0.0.0/8", { F: "10.200.0.1" }, true],
    ["F|cidr: 10.0.0.0/8", { F: "11.0.0.1" }, false],
    ["F|cidr: 2001:db8::/32", { F: "2001:DB8::1" }, true],
    ["F|fieldref: G", { F: "a", G: "A" }, true],
    ["F|fieldref: G", {}, false],
    ["F|fieldref|endswith: G", { F: "xab", G: "AB" }, true],
    ["F|contains|all:\n      - a\n      - b", { F: ["xa", "xb"] }, true],
    ["F|hour: 23", { F: "2026-01-01T23:59:00Z" }, true],
    ["F|hour|gte: 22", { F: "2026-01-01T21:00:00-02:00" }, true],
  ] as const)("says of %j and %j: %s", (items, event, expected) => {
    expect(matches(selection(items), event)).toBe(expected);
  });

  it("looks for keywords anywhere in any value, not in keys", () => {
    const keywords = "  keywords:\n    - 'evil*tool'\n    - 4711\n  condition: keywords\n";
    expect(matches(keywords, { a: { b: ["an EVIL little tool here"] } })).toBe(true);
    expect(matches(keywords, { a: ["4711"] })).toBe(true);
    expect(matches(keywords, { a: "port 14711" })).toBe(false);
    expect(matches(keywords, { "evil tool": 1 })).toBe(false);
  });

  it("takes time in the order of the event for a regex that would explode", () => {
    const started = performance.now();
    expect(matches(selection("F|re: (a+)+$"), { F: `${"a".repeat(50_000)}b` })).toBe(false);
    expect(matches(selection("F: '*a*a*a*a*a*a*b'"), { F: "a".repeat(5_000) })).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("survives events nested deeper than anything real", () => {
    let deep: unknown = "x";
    for (let level = 0; level < 20_000; level += 1) deep = { F: [deep] };
    expect(matches(selection("F: x"), { F: deep })).toBe(false);
    expect(matches("  keywords:\n    - x\n  condition: keywords\n", { F: deep })).toBe(false);
  });

  it("knows the weeks of ISO 8601", () => {
    expect(timePartOf(Date.UTC(2026, 0, 1), "week")).toBe(1);
    expect(timePartOf(Date.UTC(2027, 0, 1), "week")).toBe(53);
    expect(timePartOf(Date.UTC(2024, 11, 30), "week")).toBe(1);
  });
});

describe("a rule set", () => {
  const linux = onlyRule(ruleText(selection("F: a")));

  it("asks only rules whose log source says nothing else", () => {
    const matcher = compileRules([linux]);
    const { category = "", product = "" } = linux.logsource;
    const source = { ...(category === "" ? {} : { category }), ...(product === "" ? {} : { product }) };
    expect(matcher.match({ F: "a" }, { ...source, service: "any" })).toEqual([linux]);
    expect(matcher.match({ F: "a" }, { product: "other" })).toEqual([]);
  });

  it("names the rules that only a search engine can answer, and never matches them", () => {
    const open = onlyRule(ruleText(selection("F|expand: '%users%'")));
    const matcher = compileRules([linux, open]);
    expect(matcher.unmatchable).toEqual([{ rule: open, reason: expect.stringContaining("%users%") }]);
    expect(matcher.match({ F: "a" })).toEqual([linux]);
    expect(unmatchableReason(linux)).toBeUndefined();
  });
});

describe("an explanation", () => {
  it("says which selection, field and value matched, and what the event has", () => {
    const rule = onlyRule(
      ruleText(
        "  selection:\n    F|contains:\n      - nc\n      - 'so\\*cat'\n  filter:\n    User: backup\n  condition: selection and not filter\n",
      ),
    );
    expect(explainRule(rule, { F: "/bin/nc -l" })).toEqual({
      matches: true,
      selections: [
        {
          name: "selection",
          matches: true,
          items: [
            {
              field: "F",
              modifiers: ["contains"],
              matches: true,
              matched: ["*nc*"],
              found: ["/bin/nc -l"],
              missing: false,
            },
          ],
        },
        {
          name: "filter",
          matches: false,
          items: [{ field: "User", modifiers: [], matches: false, matched: [], found: [], missing: true }],
        },
      ],
    });
  });

  it("names the values with a keyword in them", () => {
    const rule = onlyRule(ruleText("  keywords:\n    - evil\n  condition: keywords\n"));
    const [selectionOf] = explainRule(rule, { a: "fine", b: "so evil" }).selections;
    expect(selectionOf?.items[0]).toMatchObject({ field: undefined, matched: ["evil"], found: ["so evil"] });
  });
});

import { describe, expect, it } from "vitest";
import { parse } from "../../src/sigma/index.ts";
import { plainScalar } from "../../src/sigma/parse/plain-scalar.ts";
import { onlyRule, places, ruleText } from "./sigma-samples.ts";

describe("YAML of rules", () => {
  it.each([
    ["true", true],
    ["no", false],
    ["On", true],
    ["y", "y"],
    ["~", null],
    ["", null],
    ["0", 0],
    ["-0", 0],
    ["+12", 12],
    ["1_000", 1000],
    ["010", 8],
    ["08", "08"],
    ["0x1F", 31],
    ["0b101", 5],
    ["1:30", 90],
    ["1.5", 1.5],
    ["1e5", "1e5"],
    ["1.5e+3", 1500],
    [".5", 0.5],
    ["-.inf", Number.NEGATIVE_INFINITY],
    ["2024-01-09", "2024-01-09"],
    ["10.0.0.1", "10.0.0.1"],
    ["/bin", "/bin"],
  ])("reads the unquoted %j as %j", (text, value) => {
    expect(plainScalar(text)).toBe(value);
  });

  it("reads anchors, merge keys and block texts", () => {
    const rule = onlyRule(
      "title: T\nlogsource: {product: linux}\nx: &base\n  F: one\n  G: two\ndetection:\n  a:\n    <<: *base\n    G: three\n  b: >-\n    folded\n    text\n  condition: 1 of them\n",
    );
    expect(rule.detections.get("a")?.members).toMatchObject([
      { field: "F", values: [{ parts: ["one"] }] },
      { field: "G", values: [{ parts: ["three"] }] },
    ]);
    expect(rule.detections.get("b")?.members).toMatchObject([{ values: [{ parts: ["folded text"] }] }]);
  });

  it("keeps keys that mean something to JavaScript apart from it", () => {
    const rule = onlyRule(
      ruleText("  __proto__:\n    constructor: v\n  condition: __proto__\n", "toString: x\n__proto__: {polluted: 1}\n"),
    );
    expect([...rule.detections.keys()]).toEqual(["__proto__"]);
    expect("polluted" in {}).toBe(false);
    expect(Object.keys(rule.metadata.custom).sort()).toEqual(["__proto__", "toString"]);
  });

  it.each([
    ["title: T\ntitle: U\n", "yaml_duplicate_key 2:1"],
    [ruleText("  a:\n    F: 1\n    F: 2\n  condition: a\n"), "yaml_duplicate_key 6:5"],
    ["title: [T\n", "yaml_invalid 2:1"],
    ["title: \t- x: 'a\n", "yaml_invalid"],
    ["title: *nowhere\n", "yaml_unknown_alias 1:8"],
    ["title: !!python/object x\n", "yaml_unknown_tag 1:24"],
    ["? [a, b]\n: c\n", "yaml_invalid 1:3"],
  ])("refuses %j", (text, place) => {
    expect(places(parse(text))[0]).toMatch(new RegExp(`^${place}`));
  });

  it("refuses nesting without end", () => {
    for (const text of [
      `a: ${"[".repeat(70)}${"]".repeat(70)}\n`,
      `${"[".repeat(100_000)}\n`,
      `${"- ".repeat(100_000)}x\n`,
    ])
      expect(places(parse(text))[0]).toMatch(/^yaml_(too_deep|invalid)/);
  });

  it("refuses aliases that grow without end, in bounded time", () => {
    const laughs = Array.from({ length: 30 }, (_, level) => {
      const refs =
        level === 0
          ? '"ha"'
          : Array(10)
              .fill(`*l${level - 1}`)
              .join(",");
      return `l${level}: &l${level} [${refs}]`;
    });
    expect(places(parse(laughs.join("\n")))[0]).toMatch(/^yaml_too_large 7:/);
    expect(places(parse("a: &a [*a]\n"))).toEqual(["yaml_unknown_alias 1:8"]);
  });

  it("refuses 10 MB of YAML, and reads a document beside a broken one", () => {
    const start = performance.now();
    expect(places(parse(`title: ${"x".repeat(10_000_000)}`))).toEqual(["yaml_too_large 1:1"]);
    expect(performance.now() - start).toBeLessThan(10_000);
    const { documents, problems } = parse(`title: {\n---\n${ruleText("  a: x\n  condition: a\n")}`);
    expect(documents).toHaveLength(1);
    expect(problems.length).toBeGreaterThan(0);
  });

  it("refuses regular expressions that grow, one by one and all together, in bounded time", () => {
    const rule = (regex: string): string => ruleText(`  a:\n    F|re: '${regex}'\n  condition: a\n`);
    for (const regex of ["[a-z]{1000}".repeat(60), "((a{50}){50}){50}", "(a|b{2,900}){90}"])
      expect(places(parse(rule(regex))), regex.slice(0, 40)).toEqual(["regex_invalid 5:5"]);
    expect(places(parse(rule("[a-z]{1000}x{10,}(?:ab?)*")))).toEqual([]);
    const start = performance.now();
    const { documents, problems } = parse(
      Array(500)
        .fill(rule("[a-z]{1000}".repeat(40)))
        .join("---\n"),
    );
    expect(documents.length).toBe(50);
    expect(problems.length).toBe(450);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it("reads many keys in time that grows with their number", () => {
    const keys = Array.from({ length: 30_000 }, (_, index) => `k${index}: v`).join("\n");
    const start = performance.now();
    expect(places(parse(`${keys}\n`))).toEqual(["title_missing 1:1", "logsource_missing 1:1", "detection_missing 1:1"]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

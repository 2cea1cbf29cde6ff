import { describe, expect, it } from "vitest";
import { parse, type Value } from "../../src/sigma/index.ts";
import { writePattern } from "../../src/sigma/parse/string-pattern.ts";
import { itemOf, places, ruleText, valuesOf } from "./sigma-samples.ts";

/** Values as short texts: patterns as written, `~` behind cased ones. */
function brief(values: readonly Value[]): unknown[] {
  return values.map((value) => {
    if (value.kind === "string") return writePattern(value.parts) + (value.cased ? "~" : "");
    return value.kind === "expansion" ? brief(value.values) : value;
  });
}

function refusalOf(line: string): string[] {
  return places(parse(ruleText(`  selection:\n    ${line}\n  condition: selection\n`)));
}

describe("string values", () => {
  it.each([
    ["'a*b?c'", ["a", { kind: "any" }, "b", { kind: "one" }, "c"]],
    [String.raw`'a\*b\?c'`, ["a*b?c"]],
    [String.raw`'a\\*'`, ["a\\", { kind: "any" }]],
    [String.raw`'a\\\*'`, ["a\\*"]],
    [String.raw`'\\\\host'`, ["\\\\host"]],
    [String.raw`'C:\Windows\x'`, ["C:\\Windows\\x"]],
    [String.raw`'ends\'`, ["ends\\"]],
    ["''", []],
    ["'*'", [{ kind: "any" }]],
    ["'50%'", ["50%"]],
  ])("reads %s", (written, parts) => {
    expect(valuesOf(`F: ${written}`)).toEqual([{ kind: "string", parts, cased: false }]);
  });

  it("keeps the types of unquoted values, and makes text of quoted ones", () => {
    expect(valuesOf("F: [4624, '4624', 1.5, true, null, 0x17, yes]")).toEqual([
      { kind: "number", value: 4624 },
      { kind: "string", parts: ["4624"], cased: false },
      { kind: "number", value: 1.5 },
      { kind: "boolean", value: true },
      { kind: "null" },
      { kind: "number", value: 23 },
      { kind: "boolean", value: true },
    ]);
  });

  it("takes an empty list for null, and says so", () => {
    expect(valuesOf("F: []")).toEqual([{ kind: "null" }]);
    expect(refusalOf("F: []")).toEqual(["value_list_empty 5:5"]);
  });

  it("refuses numbers it cannot compare exactly", () => {
    expect(refusalOf("F: 9007199254740993")).toEqual(["number_inexact 5:5"]);
    expect(refusalOf("F: .inf")).toEqual(["number_inexact 5:5"]);
  });
});

describe("modifiers", () => {
  it.each([
    ["F|contains: a", ["*a*"]],
    ["F|contains: '*a'", ["*a*"]],
    ["F|contains: ''", ["*"]],
    ["F|startswith: a", ["a*"]],
    ["F|endswith: 'a?'", ["*a?"]],
    ["F|contains|cased: [A, b]", ["*A*~", "*b*~"]],
    ["F|base64: foo", ["Zm9v"]],
    ["F|wide|base64: foo", ["ZgBvAG8A"]],
    ["F|utf16le|base64: foo", ["ZgBvAG8A"]],
    ["F|utf16be|base64: foo", ["AGYAbwBv"]],
    ["F|utf16|base64: foo", ["//5mAG8AbwA="]],
    ["F|wide|base64: 'ü'", ["/AA="]],
    ["F|base64offset|contains: foobar", [["*Zm9vYmFy*", "*Zvb2Jhc*", "*mb29iYX*"]]],
    ["F|base64offset|contains: 'ö'", [["*w7*", "*O2*", "*Dt*"]]],
    ["F|expand: 'a%name%b'", ["a%name%b"]],
  ])("applies %s", (line, expected) => {
    expect(brief(valuesOf(line))).toEqual(expected);
  });

  it("varies dashes before words only, each in five forms", () => {
    expect(brief(valuesOf("F|windash|contains: ' -foo-bar'"))).toEqual([
      ["* -foo-bar*", "* /foo-bar*", "* –foo-bar*", "* —foo-bar*", "* ―foo-bar*"],
    ]);
    expect(brief(valuesOf("F|windash: '-a -b /c'")).flat()).toHaveLength(125);
    expect(brief(valuesOf("F|windash: ' - x'"))).toEqual([[" - x"]]);
    expect(brief(valuesOf("F|windash: 'é-x -é'"))).toEqual([["é-x -é", "é-x /é", "é-x –é", "é-x —é", "é-x ―é"]]);
    expect(refusalOf("F|windash: ' -a -b -c -d'")).toEqual(["modifier_value 5:5"]);
  });

  it("makes wide text of ASCII without base64, and refuses the rest", () => {
    expect(valuesOf("F|wide: 'ab*'")).toEqual([{ kind: "string", parts: ["a\0b\0", { kind: "any" }], cased: false }]);
    expect(refusalOf("F|wide: 'ü'")).toEqual(["modifier_value 5:5"]);
    expect(refusalOf("F|base64: 'a*'")).toEqual(["modifier_value 5:5"]);
  });

  it("links with all, negates with neq, and applies neither to values", () => {
    expect(itemOf("F|contains|all: [a, b]")).toMatchObject({ linking: "all", negated: false });
    expect(itemOf("F|neq: [a, b]")).toMatchObject({ linking: "any", negated: true, modifiers: ["neq"] });
    expect(itemOf("'|all': [a, b]")).toMatchObject({ kind: "keyword", linking: "all" });
  });

  it("reads regular expressions raw, with flags, and opens them", () => {
    const regex = (text: string, ...flags: string[]): unknown => ({
      kind: "regex",
      parts: [text],
      flags: new Set(flags),
    });
    expect(valuesOf(String.raw`F|re: '\\a*?\d'`)).toEqual([regex(String.raw`\\a*?\d`)]);
    expect(valuesOf("F|re|i|m|s: a")).toEqual([regex("a", "i", "m", "s")]);
    expect(valuesOf("F|re|ignorecase: a")).toEqual([regex("a", "i")]);
    expect(valuesOf("F|re: 12")).toEqual([regex("12")]);
    expect(valuesOf("F|re|contains: 'a|b'")).toEqual([regex(".*(?:a|b).*")]);
    expect(valuesOf("F|re|contains: '^a[|(]'")).toEqual([regex("^a[|(].*")]);
    expect(valuesOf(String.raw`F|re|startswith: 'a\.*'`)).toEqual([regex(String.raw`a\.*.*`)]);
    expect(valuesOf("F|re|endswith: 'a$'")).toEqual([regex(".*a$")]);
    expect(valuesOf("F|re|expand: 'a%b%c'")).toEqual([
      { kind: "regex", parts: ["a", { kind: "placeholder", name: "b" }, "c"], flags: new Set() },
    ]);
  });

  it("reads networks, and refuses those with host bits", () => {
    expect(valuesOf("F|cidr: 10.0.0.0/8")).toEqual([
      { kind: "cidr", network: "10.0.0.0/8", address: [10, 0, 0, 0], prefix: 8 },
    ]);
    expect(valuesOf("F|cidr: '2001:db8::/32'")).toMatchObject([
      { prefix: 32, address: [0x20, 1, 0x0d, 0xb8, ...Array(12).fill(0)] },
    ]);
    expect(valuesOf("F|cidr: '::ffff:192.0.2.0/120'")).toMatchObject([
      { address: [...Array(10).fill(0), 255, 255, 192, 0, 2, 0], prefix: 120 },
    ]);
    expect(valuesOf("F|cidr: 192.0.2.1")).toMatchObject([{ prefix: 32 }]);
    for (const bad of ["10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/255.0.255.0", "fe80::1/10"])
      expect(refusalOf(`F|cidr: '${bad}'`), bad).toEqual(["cidr_invalid 5:5"]);
  });

  it("compares numbers and parts of times", () => {
    expect(valuesOf("F|gte: 5")).toEqual([{ kind: "compare", op: "gte", value: 5 }]);
    expect(valuesOf("F|hour: 5")).toEqual([{ kind: "timepart", part: "hour", op: "eq", value: 5 }]);
    expect(valuesOf("F|hour|gte: 22")).toEqual([{ kind: "timepart", part: "hour", op: "gte", value: 22 }]);
    expect(refusalOf("F|hour: 24")).toEqual(["modifier_value 5:5"]);
    expect(refusalOf("F|lt: 'a'")).toEqual(["modifier_type 5:5"]);
  });

  it("reads references to fields and whether a field exists", () => {
    expect(valuesOf("F|fieldref: G")).toEqual([{ kind: "fieldref", field: "G", match: "equals", cased: false }]);
    expect(valuesOf("F|fieldref|endswith: G")).toMatchObject([{ match: "endswith" }]);
    expect(valuesOf("F|fieldref|startswith|endswith: G")).toMatchObject([{ match: "contains" }]);
    expect(valuesOf("F|exists: false")).toEqual([{ kind: "exists", exists: false }]);
    expect(refusalOf("F|exists: 'x'")).toEqual(["modifier_value 5:5"]);
    expect(refusalOf("'|exists': true")).toEqual(["modifier_value 5:5"]);
    expect(refusalOf("F|fieldref: 'a*'")).toEqual(["modifier_value 5:5"]);
  });

  it("refuses what is unknown, out of order or of the wrong type, at its place", () => {
    expect(refusalOf("F|contians: a")).toEqual(["modifier_unknown 5:5"]);
    expect(refusalOf("F|contains|re: a")).toEqual(["modifier_order 5:5"]);
    expect(refusalOf("F|contains: [a, 5]")).toEqual(["modifier_type 5:21"]);
    expect(refusalOf("F|i: a")).toEqual(["modifier_type 5:5"]);
    expect(refusalOf("F|re: '(?=a)'")).toEqual(["regex_invalid 5:5"]);
    expect(refusalOf("F|re: '(a'")).toEqual(["regex_invalid 5:5"]);
    expect(refusalOf(`F|re: '${"a".repeat(9_000)}'`)).toEqual(["regex_invalid 5:5"]);
  });
});

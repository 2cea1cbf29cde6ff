import { describe, expect, it } from "vitest";
import { parse } from "../../src/sigma/index.ts";
import { onlyRule, places, ruleText } from "./sigma-samples.ts";

function conditionOf(text: string, names = ["a", "b", "c", "x_1", "x_2", "_hidden"]): unknown {
  const selections = names.map((name) => `  ${name}:\n    F: v\n`).join("");
  return onlyRule(ruleText(`${selections}  condition: ${text}\n`)).conditions[0];
}

function conditionProblems(text: string): string[] {
  return places(parse(ruleText(`  a:\n    F: v\n  b:\n    F: v\n  condition: ${text}\n`)));
}

const name = (selection: string): unknown => ({ kind: "selection", name: selection });

describe("conditions", () => {
  it("bind or less than and, and and less than not", () => {
    expect(conditionOf("a or b and not c")).toEqual({
      kind: "or",
      operands: [name("a"), { kind: "and", operands: [name("b"), { kind: "not", operand: name("c") }] }],
    });
    expect(conditionOf("(a or b) and c")).toEqual({
      kind: "and",
      operands: [{ kind: "or", operands: [name("a"), name("b")] }, name("c")],
    });
    expect(conditionOf("not not a")).toEqual({ kind: "not", operand: { kind: "not", operand: name("a") } });
    expect(conditionOf("a and b and c")).toMatchObject({ operands: [name("a"), name("b"), name("c")] });
  });

  it("read quantifiers, patterns and names that look like operators", () => {
    expect(conditionOf("1 of x_*")).toEqual({ kind: "of", linking: "any", pattern: "x_*" });
    expect(conditionOf("any of them")).toEqual({ kind: "of", linking: "any", pattern: "them" });
    expect(conditionOf("all of _hid*")).toEqual({ kind: "of", linking: "all", pattern: "_hid*" });
    expect(conditionOf("notepad and orange", ["notepad", "orange"])).toMatchObject({ kind: "and" });
    expect(conditionOf("sel-1", ["sel-1"])).toEqual(name("sel-1"));
  });

  it.each([
    ["a and", "condition_syntax 8:19"],
    ["a b", "condition_syntax 8:16"],
    ["(a", "condition_syntax 8:16"],
    ["a)", "condition_syntax 8:15"],
    ["a AND b", "condition_syntax 8:16"],
    ["NOT a", "condition_syntax 8:14"],
    ["2 of them", "condition_syntax 8:14"],
    ["1 of x*", "condition_matches_none 8:19"],
    ["c", "condition_unknown_selection 8:14"],
    ["a*", "condition_syntax 8:14"],
    ["a | count() > 5", "condition_aggregation 8:16"],
    ["''", "condition_syntax 8:15"],
    ["5", "condition_type 8:3"],
    ["1 of (a)", "condition_syntax 8:19"],
  ])("refuse %s, and say where", (text, place) => {
    expect(conditionProblems(text)).toEqual([place]);
  });

  it("refuse what costs too much, in bounded time", () => {
    expect(conditionProblems(`${"(".repeat(200)}a${")".repeat(200)}`)[0]).toMatch(/^condition_too_deep/);
    expect(conditionProblems(`${"not ".repeat(5_000)}a`)[0]).toMatch(/^condition_too_deep/);
    expect(conditionProblems(Array(100_000).fill("a").join(" or "))[0]).toMatch(/^condition_too_large/);
    const many = Array.from({ length: 2_000 }, (_, index) => `  s${index}:\n    F: v\n`).join("");
    const problems = parse(ruleText(`${many}  condition: ${Array(2_000).fill("1 of them").join(" or ")}\n`)).problems;
    expect(problems.map(({ code }) => code)).toEqual(["condition_too_large"]);
  });

  it("may be several, of which any suffices", () => {
    const rule = onlyRule(ruleText("  a:\n    F: v\n  condition: [a, not a]\n"));
    expect(rule.conditions).toHaveLength(2);
  });
});

describe("selections", () => {
  it("are maps of items, lists of maps, keywords, or all of these in each other", () => {
    const rule = onlyRule(
      ruleText(
        "  a: word\n  b: [w1, 5]\n  c:\n    - F: 1\n      G: 2\n    - word\n    - [w3, w4]\n  condition: 1 of them\n",
      ),
    );
    expect(rule.detections.get("a")).toMatchObject({ linking: "all", members: [{ kind: "keyword" }] });
    expect(rule.detections.get("b")?.members).toHaveLength(1);
    expect(rule.detections.get("c")).toMatchObject({
      linking: "any",
      members: [
        { linking: "all", members: [{ field: "F" }, { field: "G" }] },
        { members: [{ kind: "keyword", values: [{ parts: ["word"] }] }] },
        { members: [{ kind: "keyword", values: [{ parts: ["w3"] }, { parts: ["w4"] }] }] },
      ],
    });
  });

  it("keep the order of the file, numbers as names and fields included", () => {
    const rule = onlyRule(
      ruleText("  z:\n    '9': a\n    '1': b\n  '5':\n    F: a\n  a:\n    F: a\n  condition: 1 of them\n"),
    );
    expect([...rule.detections.keys()]).toEqual(["z", "5", "a"]);
    expect(rule.detections.get("z")?.members).toMatchObject([{ field: "9" }, { field: "1" }]);
  });

  it.each([
    ["  a: {}\n", "selection_empty 4:3"],
    ["  a: []\n", "selection_empty 4:3"],
    ["  a:\n", "selection_empty 4:3"],
    ["  a:\n    F: {x: 1}\n", "value_map 5:5"],
    ["  a:\n    F: [[1]]\n", "value_nested 5:9"],
    ["  a: [null]\n", "keyword_null 4:3"],
  ])("refuse %j", (selection, place) => {
    expect(places(parse(ruleText(`${selection}  condition: a\n`)))).toEqual([place]);
  });

  it("refuse a section without selections or condition", () => {
    expect(places(parse(ruleText("  condition: a\n")))).toEqual(["selection_missing 3:1"]);
    expect(places(parse(ruleText("  a: x\n")))).toEqual(["condition_missing 3:1"]);
  });

  it("read values without end only up to a limit", () => {
    const list = Array.from({ length: 100_001 }, (_, index) => index).join(",");
    expect(places(parse(ruleText(`  a:\n    F: [${list}]\n  condition: a\n`)))[0]).toMatch(/^values_too_many 5:/);
  });
});

describe("rules", () => {
  const rest = "logsource: {product: linux}\ndetection:\n  a: x\n  condition: a\n";

  it("keep what they say of themselves", () => {
    const rule = onlyRule(
      `title: T\nid: 7f8a2c1e-0000-4000-8000-000000000001\nstatus: Test\nlevel: HIGH\ndate: 2024/1/9\nmodified: 2024-02-01\n` +
        `tags: [attack.t1059]\nrelated: [{id: 7f8a2c1e-0000-4000-8000-000000000002, type: derived}]\nmine: {a: [1]}\n${rest}`,
    );
    expect(rule.metadata).toMatchObject({ status: "test", level: "high", date: "2024-01-09", modified: "2024-02-01" });
    expect(rule.metadata.custom).toEqual({ mine: { a: [1] } });
    expect(rule.metadata.taxonomy).toBe("sigma");
  });

  it.each([
    ["title: ''\n", "metadata_invalid 1:1"],
    [`title: ${"t".repeat(257)}\n`, "metadata_invalid 1:1"],
    ["title: T\nid: 5\n", "metadata_invalid 2:1"],
    ["title: T\nid: no-uuid\n", "metadata_invalid 2:1"],
    ["title: T\nlevel: hihg\n", "metadata_invalid 2:1"],
    ["title: T\ndate: 2024-02-31\n", "metadata_invalid 2:1"],
    ["title: T\ntags: attack.t1059\n", "metadata_invalid 2:1"],
    ["title: T\ntags: [attack]\n", "metadata_invalid 2:8"],
    ["title: T\nrelated: [{id: x, type: derived}]\n", "metadata_invalid 2:11"],
    ["title: T\nreferences: [{a: b}]\n", "metadata_invalid 2:14"],
    ["status: test\n", "title_missing 1:1"],
  ])("refuse %j", (head, place) => {
    expect(places(parse(head + rest))).toEqual([place]);
  });

  it("need a log source and a detection", () => {
    expect(places(parse("title: T\n"))).toEqual(["logsource_missing 1:1", "detection_missing 1:1"]);
    expect(places(parse("title: T\nlogsource: {definition: x}\ndetection: {a: x, condition: a}\n"))).toEqual([
      "logsource_missing 2:1",
    ]);
    expect(places(parse("title: T\nlogsource: {product: 5}\ndetection: {a: x, condition: a}\n"))).toEqual([
      "logsource_invalid 2:13",
    ]);
  });

  it("tell of every error in a file at once, with line and column", () => {
    const bad = ruleText("  a:\n    F|endwith: v\n    G|cidr: x\n  condition: b\n", "id: 5\n");
    expect(places(parse(`${bad}---\n${bad}`))).toEqual([
      "metadata_invalid 3:1",
      "modifier_unknown 6:5",
      "cidr_invalid 7:5",
      "condition_unknown_selection 8:14",
      "metadata_invalid 12:1",
      "modifier_unknown 15:5",
      "cidr_invalid 16:5",
      "condition_unknown_selection 17:14",
    ]);
  });

  it("come several in a file, with templates", () => {
    const { documents, problems } = parse(
      `action: global\ntitle: G\nlevel: low\nlogsource: {product: linux}\ndetection:\n  condition: a\n---\ndetection:\n  a: x\n---\n` +
        `action: repeat\nlevel: high\ndetection:\n  a: y\n---\naction: reset\n---\n${`title: Own\n${rest}`}---\n`,
    );
    expect(problems).toEqual([]);
    expect(documents.map(({ document }) => [document.metadata.title, document.metadata.level])).toEqual([
      ["G", "low"],
      ["G", "high"],
      ["Own", undefined],
    ]);
    expect(places(parse("action: other\n"))).toEqual(["action_unknown 1:1"]);
  });
});

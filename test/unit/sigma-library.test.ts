import { expect, it } from "vitest";
import { compile, compileRules, loadCollection, match, parse, unknownFields } from "../../src/sigma/index.ts";

const text = `title: Reverse shell
logsource: { product: linux }
detection:
  selection:
    tagsmith.tags: spawn_reverse_shell
  condition: selection
`;

it("parses, matches and compiles a rule through the library's three main functions", () => {
  expect(parse(text, "rule.yml").problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const [rule] = loadCollection([{ file: "rule.yml", text }]).rules;
  if (rule === undefined) throw new Error("no rule");
  const hit = { tagsmith: { tags: ["read_file", "spawn_reverse_shell"] } };
  expect([match(rule, hit), match(rule, { tagsmith: { tags: ["read_file"] } }), match(rule, {})]).toEqual([
    true,
    false,
    false,
  ]);
  expect(compileRules([rule]).match(hit)).toEqual([rule]);
  const conversion = compile(rule, { target: "lucene", fidelity: "compat", fieldTypes: unknownFields, index: "*" });
  expect(JSON.stringify(conversion)).toContain("spawn_reverse_shell");
});

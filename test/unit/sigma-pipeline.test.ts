import { describe, expect, it } from "vitest";
import {
  createPipeline,
  type Detection,
  type Item,
  type Pipeline,
  type PipelineSettings,
  parsePipeline,
  type Transformed,
  type Value,
} from "../../src/sigma/index.ts";
import { writePattern } from "../../src/sigma/parse/string-pattern.ts";
import { only, onlyRule, places, ruleText } from "./sigma-samples.ts";

function pipelineOf(text: string, settings?: PipelineSettings): Pipeline {
  const parsed = parsePipeline(text);
  if (parsed.kind === "refused") throw new Error(JSON.stringify(parsed.problems));
  return createPipeline([parsed.spec], settings);
}

function resultOf(pipeline: string, selection: string, settings?: PipelineSettings): Transformed {
  return pipelineOf(pipeline, settings).transform(onlyRule(ruleText(`  s:\n    ${selection}\n  condition: s\n`)));
}

/** Field and values of the items of the rule after the pipeline, in short. */
function itemsAfter(pipeline: string, selection: string, settings?: PipelineSettings): unknown[] {
  const result = resultOf(pipeline, selection, settings);
  if (result.kind === "refused") throw new Error(result.reason);
  if (result.subject.kind !== "rule") throw new Error("no rule");
  return [...result.subject.detections.values()].flatMap(({ members }) => members.map(briefItem));
}

function briefItem(node: Detection | Item): unknown {
  if (node.kind === "detection") return { [node.linking]: node.members.map(briefItem) };
  return [node.kind === "field" ? node.field : "", ...node.values.map(briefValue)];
}

function briefValue(value: Value): unknown {
  if (value.kind === "string") return writePattern(value.parts);
  if (value.kind === "regex") return `/${value.parts.join("")}/`;
  return value.kind === "expansion" ? value.values.map(briefValue) : "value" in value ? value.value : value.kind;
}

function reasonOf(pipeline: string, selection = "F: a", settings?: PipelineSettings): string {
  const result = resultOf(pipeline, selection, settings);
  return result.kind === "refused" ? `${result.item}: ${result.reason}` : "transformed";
}

const one = (item: string): string => `vars: {x: [1, 'y*']}\ntransformations:\n${item}\n`;

describe("transformations", () => {
  it.each([
    ["- {type: field_name_mapping, mapping: {F: g}}", "F: a", [["g", "a"]]],
    [
      "- {type: field_name_mapping, mapping: {F: [g, h]}}",
      "F: a",
      [
        {
          any: [
            ["g", "a"],
            ["h", "a"],
          ],
        },
      ],
    ],
    [
      "- {type: field_name_mapping, mapping: {F: [g, h]}}",
      "F|neq: a",
      [
        {
          all: [
            ["g", "a"],
            ["h", "a"],
          ],
        },
      ],
    ],
    ["- {type: field_name_mapping, mapping: {'': msg}}", "'|all': [a, 'b*']", [["msg", "*a*", "*b*"]]],
    [
      "- {type: field_name_transform, transform_func: snake_case, mapping: {ParentImage: p}}",
      "ProcessId: 1\n    ParentImage: a",
      [
        ["process_id", 1],
        ["p", "a"],
      ],
    ],
    ["- {type: value_placeholders}", "F|contains|expand: ['%x%', b]", [["F", "*1*", "*y**", "*b*"]]],
    ["- {type: value_placeholders}", "F|contains|all|expand: ['%x%', b]", [["F", ["*1*", "*y**"], "*b*"]]],
    ["- {type: value_placeholders, exclude: [x]}", "F|expand: '%x%'", [["F", "%x%"]]],
    ["- {type: wildcard_placeholders}", "F|re|expand: 'a%x%b'", [["F", "/a.*b/"]]],
    ["- {type: query_expression_placeholders, expression: 'in({id})'}", "F|expand: '%x%'", [["F", "query"]]],
    [
      "- {type: case, method: upper}",
      "F|windash|contains: ' -a'",
      [["F", ["* -A*", "* /A*", "* –A*", "* —A*", "* ―A*"]]],
    ],
    [String.raw`- {type: replace_string, regex: '\\', replacement: '/'}`, String.raw`F: 'a\b\\*'`, [["F", "a/b/*"]]],
    [
      "- {type: replace_string, regex: '(?P<n>b+)', replacement: '<\\g<n>\\1>'}",
      "F: [abbc, 5]",
      [["F", "a<bbbb>c", "5"]],
    ],
    ["- {type: regex, method: ignore_case_brackets}", "F: 'a.b*'", [["F", "/[aA]\\.[bB].*/"]]],
    ["- {type: convert_type, target_type: num}", "F: '5'", [["F", 5]]],
    [
      "- {type: hashes_fields, valid_hash_algos: [MD5], drop_algo_prefix: true, field_prefix: h}",
      `Hashes: ['MD5=${"a".repeat(32)}', '${"b".repeat(32)}']`,
      [{ any: [["h", "a".repeat(32), "b".repeat(32)]] }],
    ],
    [
      "- {type: extract_fields, regex: '(?P<a>\\w+):(?P<b>\\d+)', preserve_unmatched: true}",
      "F: ['x:1', 'y:02', z]",
      [
        {
          any: [
            {
              all: [
                ["a", "x"],
                ["b", 1],
              ],
            },
            {
              all: [
                ["a", "y"],
                ["b", "02"],
              ],
            },
            ["F", "z"],
          ],
        },
      ],
    ],
    [
      "- {type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [G]}]}",
      "F: a\n    G: b",
      [["F", "a"]],
    ],
    [
      "- {type: field_name_mapping, mapping: {F: g}, field_name_conditions: {a: {type: include_fields, fields: [F]}, b: {type: processing_state, key: k, val: 1}}, field_name_cond_expr: a and not b}",
      "F: a",
      [["g", "a"]],
    ],
  ])("apply %s to %s", (item, selection, expected) => {
    expect(itemsAfter(one(item), selection)).toEqual(expected);
  });

  it("refuse rules, and say which item does", () => {
    expect(reasonOf(one("- {id: stop, type: rule_failure, message: Not here.}"))).toBe("stop: Not here.");
    expect(reasonOf(one("- {type: value_placeholders}"), "F|expand: '%y%'")).toBe(
      '1:value_placeholders: The pipeline has no variable "y".',
    );
    expect(reasonOf(one("- {type: strict_field_mapping_failure}"))).toContain("F");
    expect(reasonOf(one("- {type: drop_detection_item}"))).toContain("Nothing is left");
    expect(reasonOf(one("- {type: convert_type, target_type: num}"))).toContain("no number");
    const many = "F|expand: '%x%%x%%x%%x%%x%%x%%x%%x%'";
    expect(reasonOf(one("- {type: value_placeholders}"), many)).toContain("more than 200");
  });

  it("read values from outside only where that is allowed", () => {
    const item = one("- {type: file_placeholders, path: list.csv, format: csv, csv_column: name, filter: '^[ab]'}");
    const lookup = (): string => 'id,name\n1,"a,1"\n2,b\n3,c\n';
    expect(itemsAfter(item, "F|expand: '%x%'", { lookup })).toEqual([["F", "a,1", "b"]]);
    expect(reasonOf(item, "F|expand: '%x%'")).toContain("not allowed");
    const json = one(
      "- {type: http_placeholders, url: 'https://example.com/x', format: json, jq_expression: '.items[].name'}",
    );
    const answer = (): string => '{"items": [{"name": "a"}, {"name": null}, {"name": 5}]}';
    expect(itemsAfter(json, "F|expand: '%x%'", { lookup: answer })).toEqual([["F", "a", "5"]]);
    expect(reasonOf(json.replace("[].name", ""), "F|expand: '%x%'", { lookup: answer })).toContain("leads to a list");
  });

  it("rename fields of correlations, but not their aliases", () => {
    const correlation = only(
      "title: C\nfields: [F]\ncorrelation: {type: value_count, rules: [a], group-by: [x, F], timespan: 1m, aliases: {x: {a: F}}, condition: {gte: 2, field: F}}\n",
    );
    if (correlation.kind !== "correlation") throw new Error("no correlation");
    const renamed = pipelineOf(one("- {type: field_name_mapping, mapping: {F: g, x: y}}")).transform(correlation);
    expect(renamed).toMatchObject({
      subject: {
        groupBy: ["x", "g"],
        measure: { fields: ["g"] },
        aliases: new Map([["x", new Map([["a", "g"]])]]),
        metadata: { fields: ["g"] },
      },
    });
    const several = pipelineOf(one("- {type: field_name_mapping, mapping: {F: [g, h]}}")).transform(correlation);
    expect(several.kind).toBe("refused");
  });

  it("leave the rule they were given as it was", () => {
    const rule = onlyRule(ruleText("  s:\n    F: a\n  condition: s\n"));
    const before = structuredClone(rule);
    pipelineOf(one("- {type: field_name_suffix, suffix: .x}\n- {type: add_condition, conditions: {G: b}}")).transform(
      rule,
    );
    expect(rule).toEqual(before);
  });

  it("run in the order of priorities, and tell what became of fields", () => {
    const specs = [
      "priority: 20\ntransformations: [{type: field_name_suffix, suffix: .b}]\n",
      "priority: 10\ntransformations: [{type: field_name_suffix, suffix: .a}]\n",
    ].map((text) => parsePipeline(text));
    const pipeline = createPipeline(specs.flatMap((parsed) => (parsed.kind === "parsed" ? [parsed.spec] : [])));
    const result = pipeline.transform(onlyRule(ruleText("  s:\n    F: a\n  condition: s\n")));
    expect(result).toMatchObject({ fields: new Map([["F", new Set(["F.a.b"])]]) });
  });
});

describe("postprocessing and finalizers", () => {
  const queryAfter = (post: string, query: unknown = "q"): unknown => {
    const pipeline = pipelineOf(
      `transformations: [{type: set_state, key: index, val: logs}]\npostprocessing:\n${post}\n`,
    );
    const result = pipeline.transform(
      onlyRule(ruleText("  s: a\n  condition: s\n", "level: high\ntags: [attack.t1059, cve.2024-1234]\n")),
    );
    return result.kind === "refused" ? result.reason : pipeline.postprocess(result, query);
  };

  it.each([
    ["- {type: embed, prefix: '<', suffix: '>'}", "<q>"],
    ["- {type: replace, pattern: '(q)', replacement: '\\1\\1'}", "qq"],
    ['- {type: json, json_template: \'{"a": ["%QUERY%", 1]}\'}', '{"a": ["q", 1]}'],
    [
      "- {type: simple_template, template: '{query} {rule.title} {pipeline.state[index]} {{x}} {rule.tags[0]}'}",
      "q Sample logs {x} attack.t1059",
    ],
    [
      "- {type: template, template: \"{{ query }}{% for t in rule.tags %}{{ loop.index }}={{ t|upper }}{{ ';' if not loop.last }}{% endfor %}{# x #}\"}",
      "q1=ATTACK.T1059;2=CVE.2024-1234",
    ],
    [
      "- {type: template, template: \"{% if rule.level == 'high' and rule.id is none %}H{% elif x %}x{% else %}l{%- endif %}\\n\"}",
      "H",
    ],
    [
      "- {type: template, template: \"{% set n = rule.tags|length + 1 %}{{ n * 2 }} {{ rule.nothing.more|default('d') }} {{ rule.tags }}\"}",
      "6 d ['attack.t1059', 'cve.2024-1234']",
    ],
    [
      "- {type: template, autoescape: true, template: \"{{ '<' ~ query ~ '>' }}{{ ', '.join(rule.tags) }} {{ rule.title.lower() }}\"}",
      "&lt;q&gt;attack.t1059, cve.2024-1234 sample",
    ],
    ["- {type: nest, items: [{type: embed, prefix: a}, {type: embed, suffix: b}]}", "aqb"],
    ["- {type: embed, prefix: x, rule_conditions: [{type: rule_attribute, attribute: level, value: low}]}", "q"],
  ])("apply %s", (post, expected) => {
    expect(queryAfter(post)).toBe(expected);
  });

  it.each([
    ["[{type: concat, separator: ', ', prefix: '[', suffix: ']'}]", "[a, b]"],
    ["[{type: json}]", '["a", "b"]'],
    ["[{type: yaml}]", "- a\n- b\n"],
    ['[{type: template, template: "{% for q in queries %}{{ q }}{{ pipeline.vars.v }}{% endfor %}"}]', "a1b1"],
    ["[{type: nested, finalizers: [{type: concat}, {type: template, template: '{{ queries|length }}'}]}]", "3"],
    ["[]", ["a", "b"]],
  ])("finalize with %s", (finalizers, expected) => {
    expect(pipelineOf(`vars: {v: 1}\nfinalizers: ${finalizers}\n`).finalize(["a", "b"])).toEqual(expected);
  });
});

describe("pipeline files", () => {
  const problemsOf = (text: string): string[] => {
    const parsed = parsePipeline(text);
    return parsed.kind === "refused" ? places(parsed) : [];
  };

  it.each([
    ["transfomations: []\n", "pipeline_invalid 1:1"],
    ["transformations:\n  - {type: nothing}\n", "pipeline_invalid 2:6"],
    ["transformations:\n  - {type: field_name_mapping}\n", "pipeline_invalid 2:5"],
    ["transformations:\n  - {type: case, method: title}\n", "pipeline_invalid 2:18"],
    ["transformations:\n  - {type: set_field, fields: [], extra: 1}\n", "pipeline_invalid 2:5"],
    ["transformations:\n  - {type: replace_string, regex: '(', replacement: a}\n", "pipeline_invalid 2:5"],
    [
      "transformations:\n  - {type: case, rule_conditions: {a: {type: is_sigma_rule}}, rule_cond_expr: a and b}\n",
      "pipeline_invalid 2:5",
    ],
    [
      "transformations:\n  - {type: case, rule_conditions: {a: {type: is_sigma_rule}, b: {type: is_sigma_rule}}, rule_cond_expr: a}\n",
      "pipeline_invalid 2:5",
    ],
    ["postprocessing:\n  - {type: template, template: '{% import x %}'}\n", "pipeline_invalid 2:5"],
    ["postprocessing:\n  - {type: template, template: '{{ rule.__class__() }}'}\n", "pipeline_invalid 2:5"],
    ["postprocessing:\n  - {type: template, template: '{{ a', path: null}\n", "pipeline_invalid 2:5"],
    ["postprocessing:\n  - {type: template, template: 'a', vars: x.py}\n", "pipeline_invalid 2:5"],
    ["finalizers:\n  - {type: template, template: '{% for a in b %}'}\n", "pipeline_invalid 2:5"],
    ["- a\n", "pipeline_invalid 1:1"],
    ["a: [\n", "yaml_invalid 2:1"],
  ])("with %j are refused", (text, place) => {
    expect(problemsOf(text)).toEqual([place]);
  });

  it("with templates that take long are stopped", () => {
    const loops = `${"{% for a in x %}".repeat(6)}.${"{% endfor %}".repeat(6)}`;
    const pipeline = pipelineOf(
      `transformations: [{type: set_state, key: k, val: 1}]\nfinalizers: [{type: template, template: "{% set x = 'aaaaaaaaaaaaaaaaaaaaaaaa' %}${loops}"}]\n`,
    );
    expect(() => pipeline.finalize([])).toThrow("too many steps");
  });
});

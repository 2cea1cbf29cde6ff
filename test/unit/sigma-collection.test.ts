import { describe, expect, it } from "vitest";
import { type Correlation, loadCollection, parse, type SigmaText } from "../../src/sigma/index.ts";
import { only, places } from "./sigma-samples.ts";

function rule(name: string, more = ""): string {
  return `title: ${name}\nname: ${name}\nlogsource: {category: process_creation, product: linux}\n${more}detection: {selection: {F: v}, condition: selection}\n`;
}

function correlation(body: string, name = "corr"): string {
  return `title: ${name}\nname: ${name}\ncorrelation: {${body}}\n`;
}

function correlationOf(body: string): Correlation {
  const document = only(correlation(body));
  if (document.kind !== "correlation") throw new Error(`a ${document.kind}`);
  return document;
}

function load(...texts: string[]): ReturnType<typeof loadCollection> {
  return loadCollection(texts.map((text, index): SigmaText => ({ file: `${index}.yml`, text })));
}

describe("correlations", () => {
  it.each([
    [
      "type: event_count, rules: a, group-by: [h], timespan: 5m, condition: {gte: 10}",
      { measure: { type: "event_count" } },
    ],
    [
      "type: value_count, rules: [a], timespan: 1h, condition: {gt: 3, lte: 9, field: [u, h]}",
      {
        measure: { type: "value_count", fields: ["u", "h"] },
        test: {
          bounds: [
            { op: "gt", value: 3 },
            { op: "lte", value: 9 },
          ],
        },
      },
    ],
    [
      "type: value_sum, rules: [a], timespan: 1d, condition: {gte: 1.5, field: n}",
      { measure: { type: "value_sum", field: "n" } },
    ],
    [
      "type: value_avg, rules: [a], timespan: 1d, condition: {lt: 2, field: n}",
      { measure: { type: "value_avg", field: "n" } },
    ],
    [
      "type: value_median, rules: [a], timespan: 1d, condition: {neq: 2, field: n}",
      { measure: { type: "value_median", field: "n" } },
    ],
    [
      "type: value_percentile, rules: [a], timespan: 1w, condition: {gt: '7', field: n, percentile: 95}",
      { measure: { type: "value_percentile", field: "n", percentile: 95 }, test: { bounds: [{ op: "gt", value: 7 }] } },
    ],
    [
      "type: temporal, rules: [a, b], timespan: 1M",
      { timespan: { seconds: 2_629_746 }, test: { bounds: [{ op: "gte", value: 2 }] } },
    ],
    [
      "type: temporal_ordered, rules: [a, b], timespan: 2y, condition: {gte: 1}",
      { measure: { type: "temporal_ordered" } },
    ],
    [
      "type: temporal, timespan: 9s, condition: a and (b or not c), aliases: {ip: {a: src, b: dst}}, generate: true",
      {
        rules: ["a", "b", "c"],
        generate: true,
        aliases: new Map([
          [
            "ip",
            new Map([
              ["a", "src"],
              ["b", "dst"],
            ]),
          ],
        ]),
      },
    ],
  ])("are read: %s", (body, expected) => {
    expect(correlationOf(body)).toMatchObject(expected);
  });

  it("take generate from beside the correlation too", () => {
    const document = only(
      `${correlation("type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}")}generate: true\n`,
    );
    expect(document).toMatchObject({ generate: true });
  });

  it.each([
    ["type: event_cuont, rules: [a], timespan: 1m, condition: {gte: 1}", "correlation_type 3:15"],
    ["rules: [a], timespan: 1m, condition: {gte: 1}", "correlation_type 3:14"],
    ["type: event_count, timespan: 1m, condition: {gte: 1}", "correlation_rules_missing 3:14"],
    ["type: event_count, rules: [a], condition: {gte: 1}", "correlation_timespan 3:14"],
    ["type: event_count, rules: [a], timespan: 0m, condition: {gte: 1}", "correlation_timespan 3:46"],
    ["type: event_count, rules: [a], timespan: 1 m, condition: {gte: 1}", "correlation_timespan 3:46"],
    ["type: event_count, rules: [a], timespan: 1m", "correlation_condition 3:14"],
    ["type: event_count, rules: [a], timespan: 1m, condition: {}", "correlation_condition 3:60"],
    ["type: event_count, rules: [a], timespan: 1m, condition: {gte: x}", "correlation_condition 3:72"],
    ["type: event_count, rules: [a], timespan: 1m, condition: a and b", "correlation_condition 3:60"],
    ["type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}, grupby: x", "correlation_unknown_key 3:81"],
    ["type: event_count, rules: [5], timespan: 1m, condition: {gte: 1}", "correlation_list 3:34"],
    ["type: value_count, rules: [a], timespan: 1m, condition: {gte: 1}", "correlation_field 3:60"],
    ["type: value_avg, rules: [a], timespan: 1m, condition: {gte: 1, field: [a, b]}", "correlation_field 3:58"],
    ["type: value_percentile, rules: [a], timespan: 1m, condition: {gte: 1, field: a}", "correlation_percentile 3:65"],
    [
      "type: value_percentile, rules: [a], timespan: 1m, condition: {gte: 1, field: a, percentile: 101}",
      "correlation_condition 3:95",
    ],
    ["type: temporal, rules: [a, b], timespan: 1m, condition: a", "correlation_condition 3:71"],
    ["type: temporal, rules: [a], timespan: 1m, condition: a and b", "correlation_condition 3:74"],
    ["type: temporal, rules: [a], timespan: 1m, condition: a and", "condition_syntax 3:73"],
    ["type: temporal, rules: [a], timespan: 1m, aliases: {x: y}", "correlation_aliases 3:56"],
  ])("are refused: %s", (body, place) => {
    const found = places(parse(correlation(body)));
    expect(found.map((one) => one.split(":")[0])).toEqual([place.split(":")[0]]);
  });

  it("come behind what they refer to, whatever the order of the files", () => {
    const chain = (name: string, of: string): string =>
      correlation(`type: event_count, rules: [${of}], timespan: 1m, condition: {gte: 1}`, name);
    const { correlations, rules, problems } = load(chain("c", "b"), chain("b", "a"), rule("a"));
    expect(problems).toEqual([]);
    expect(rules).toHaveLength(1);
    expect(correlations.map(({ metadata }) => metadata.name)).toEqual(["b", "c"]);
  });

  it("are refused when they refer to nothing, in a circle or too far", () => {
    const chain = (name: string, of: string): string =>
      correlation(`type: event_count, rules: [${of}], timespan: 1m, condition: {gte: 1}`, name);
    expect(load(chain("c", "nothing")).problems).toMatchObject([
      { code: "correlation_rule_unknown", file: "0.yml", line: 3 },
    ]);
    const circle = load(chain("c", "b"), chain("b", "c"));
    expect(circle.correlations).toEqual([]);
    expect(circle.problems.map(({ code }) => code)).toEqual(["correlation_rule_refused", "correlation_cycle"]);
    const links = Array.from({ length: 2_000 }, (_, index) => chain(`c${index}`, index === 0 ? "a" : `c${index - 1}`));
    for (const texts of [links, links.toReversed()]) {
      const { correlations, problems } = load(rule("a"), texts.join("---\n"));
      expect(correlations.map(({ metadata }) => metadata.name).sort()).toEqual(
        Array.from({ length: 16 }, (_, index) => `c${index}`).sort(),
      );
      expect(problems.map(({ code }) => code)).toContain("correlation_too_deep");
    }
  });

  it("may name in aliases only rules they refer to", () => {
    const aliased = correlation("type: temporal, rules: [a, b], timespan: 1m, group-by: [x], aliases: {x: {d: f}}");
    expect(load(rule("a"), rule("b"), rule("d"), aliased).problems).toMatchObject([{ code: "correlation_aliases" }]);
  });
});

describe("filters", () => {
  const filter = (body: string, logsource = "{product: linux}"): string =>
    `title: F\nlogsource: ${logsource}\nfilter: {${body}, selection: {U: root}, condition: not 1 of sel*}\n`;

  it("narrow the rules they name, and only where the log source fits", () => {
    const windows = rule("w").replace("product: linux", "product: windows");
    const { rules, filters, problems } = load(rule("a"), rule("b"), windows, filter("rules: [A, w]"));
    expect(problems).toEqual([]);
    expect(filters).toHaveLength(1);
    expect(rules[0]?.conditions).toEqual([
      {
        kind: "and",
        operands: [
          { kind: "selection", name: "selection" },
          { kind: "not", operand: { kind: "of", linking: "any", pattern: "_filter0_sel*" } },
        ],
      },
    ]);
    expect([...(rules[0]?.detections.keys() ?? [])]).toEqual(["selection", "_filter0_selection"]);
    expect(rules.slice(1).map(({ detections }) => detections.size)).toEqual([1, 1]);
  });

  it("apply to any rule when they say so, one after the other", () => {
    const { rules } = load(rule("a"), filter("rules: any"), filter("rules: any", "{category: process_creation}"));
    expect([...(rules[0]?.detections.keys() ?? [])]).toEqual(["selection", "_filter0_selection", "_filter1_selection"]);
  });

  it("warn of rules that are not there, and need some", () => {
    expect(load(rule("a"), filter("rules: [b]")).problems).toMatchObject([
      { code: "filter_rule_unknown", severity: "warning" },
    ]);
    expect(places(parse(filter("other: {F: v}")))).toEqual(["filter_rules 3:1"]);
    expect(places(parse("title: F\nlogsource: {product: a}\nfilter: x\n"))).toEqual(["filter_missing 3:1"]);
  });
});

describe("collections", () => {
  it("say which ids and names are taken twice", () => {
    const id = "id: 7f8a2c1e-0000-4000-8000-000000000001\n";
    const { problems } = load(rule("a", id), rule("A", id.toUpperCase().replace("ID", "id")));
    expect(problems.map(({ code, file }) => [code, file])).toEqual([
      ["name_taken", "1.yml"],
      ["id_taken", "1.yml"],
    ]);
  });

  it("refuse a document that is two things", () => {
    expect(places(parse(`${rule("a")}correlation: {}\n`))).toEqual(["document_two_kinds 5:1"]);
    expect(places(parse("- a\n"))).toEqual(["document_no_map 1:1"]);
    expect(parse("---\n---\n").problems).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import {
  type Conversion,
  convertRule,
  exportCorrelation,
  exportRule,
  type Fidelity,
  type FieldTypes,
  fieldTypesOf,
  loadCollection,
  type Target,
  unknownFields,
} from "../../src/sigma/index.ts";
import { onlyRule, ruleText } from "./sigma-samples.ts";

function convert(
  detection: string,
  target: Target,
  fieldTypes: FieldTypes = unknownFields,
  fidelity: Fidelity = "exact",
): Conversion {
  return convertRule(onlyRule(ruleText(detection)), { target, fidelity, fieldTypes, index: "logs-*" });
}

function query(detection: string, target: Target, fieldTypes?: FieldTypes): unknown {
  const conversion = convert(detection, target, fieldTypes);
  return conversion.kind === "converted" ? conversion.queries[0] : conversion;
}

function selection(items: string): string {
  return `  selection:\n    ${items}\n  condition: selection\n`;
}

const typed = (fields: Readonly<Record<string, FieldTypes["fallback"]>>): FieldTypes => ({
  fallback: "keyword",
  fields: new Map(Object.entries(fields)),
});

describe("query DSL", () => {
  it("ignores case on keywords, and leaves it to an index that folds it", () => {
    expect(query(selection("F: Abc"), "dsl")).toEqual({ term: { F: { value: "Abc", case_insensitive: true } } });
    expect(query(selection("F: Abc"), "dsl", typed({ F: "lowercase" }))).toEqual({ term: { F: "abc" } });
    expect(query(selection("F|cased: Abc"), "dsl")).toEqual({ term: { F: { value: "Abc" } } });
  });

  it("writes wildcards, and escapes what only looks like them", () => {
    expect(query(selection("F|contains: 'a*b?\\*'"), "dsl")).toEqual({
      wildcard: { F: { value: "*a*b?\\**", case_insensitive: true } },
    });
    expect(query(selection("F|startswith: ab"), "dsl")).toEqual({
      prefix: { F: { value: "ab", case_insensitive: true } },
    });
  });

  it("writes letters beyond ASCII in both cases, because engines fold ASCII only", () => {
    expect(query(selection("F: é"), "dsl")).toEqual({
      regexp: { F: { value: "[éÉ]", flags: "NONE" } },
    });
  });

  it("asks a missing field of null, and finds a missing field where a value is denied", () => {
    expect(query(selection("F: null"), "dsl")).toEqual({ bool: { must_not: [{ exists: { field: "F" } }] } });
    expect(query(selection("F|neq: 5"), "dsl")).toEqual({ bool: { must_not: [{ term: { F: 5 } }] } });
  });

  it("covers the whole text with a regex that searches in it", () => {
    expect(query(selection("F|re: '^a\\d+b'"), "dsl")).toEqual({
      regexp: { F: { value: "a[0-9]+b.*", flags: "NONE" } },
    });
    expect(query(selection("F|re: '(^|/)x$'"), "dsl")).toEqual({
      regexp: { F: { value: "x|.*\\/x", flags: "NONE" } },
    });
    expect(query(selection("F|re|i: 'a.[b-d]'"), "dsl")).toEqual({
      regexp: { F: { value: ".*[aA][^\n][b-dB-D].*", flags: "NONE" } },
    });
  });

  it("compares fields with each other, and parts of times, by script", () => {
    expect(JSON.stringify(query(selection("F|fieldref: G"), "dsl"))).toContain('"other":"G"');
    expect(JSON.stringify(query(selection("F|hour|gte: 22"), "dsl"))).toContain("t.getHour() >= params.value");
  });
});

describe("a type that does not allow an exact query", () => {
  it.each([
    [selection("F: abc"), "dsl", { F: "text" }],
    [selection("F: a*c"), "dsl", { F: "number" }],
    [selection("F|gt: 5"), "dsl", { F: "keyword" }],
    [selection("F|cidr: 10.0.0.0/8"), "esql", { F: "keyword" }],
    [selection("F|re: a"), "lucene", { F: "lowercase" }],
    [selection("F: abc"), "kql", { F: "keyword" }],
  ] as const)("refuses %j in %s", (detection, target, fields) => {
    expect(convert(detection, target, typed(fields))).toMatchObject({ kind: "refused" });
  });

  it("is refused where a search goes over all fields without a mapping", () => {
    for (const target of ["dsl", "lucene", "eql", "esql", "kql"] as const) {
      expect(convert("  keywords:\n    - abc\n  condition: keywords\n", target)).toMatchObject({ kind: "refused" });
    }
  });
});

describe("keywords in query DSL", () => {
  const keyword = (text: string): string => `  keywords:\n    - ${text}\n  condition: keywords\n`;

  it("are looked for in every text field of the mapping, numbers as whole values", () => {
    const types = typed({ F: "keyword", G: "number" });
    expect(query(keyword("some text"), "dsl", types)).toEqual({
      bool: {
        should: [{ wildcard: { F: { value: "*some text*", case_insensitive: true } } }],
        minimum_should_match: 1,
      },
    });
    expect(JSON.stringify(query(keyword("5"), "dsl", types))).toContain('{"term":{"F":"5"}},{"term":{"G":5}}');
  });

  it("are refused where they could be part of a number, or the index cuts text into words", () => {
    expect(convert(keyword("'47'"), "dsl", typed({ F: "keyword", G: "number" }))).toMatchObject({ kind: "refused" });
    expect(convert(keyword("some text"), "dsl", typed({ F: "keyword", G: "text" }))).toMatchObject({ kind: "refused" });
  });
});

describe("a superset", () => {
  it("leaves out what cannot be said, and says that it finds more", () => {
    const both = "  selection:\n    F: abc\n    G|re: '\\bx'\n  condition: selection\n";
    expect(convert(both, "esql", unknownFields, "superset")).toEqual({
      kind: "converted",
      queries: ['from logs-* metadata _id, _index, _version | where to_lower(F) == "abc"'],
      postFilter: true,
      warnings: [expect.stringContaining("\\bx")],
    });
  });

  it("denies nothing where what is denied cannot be said", () => {
    const denied = "  selection:\n    F: abc\n  filter:\n    G|re: '\\bx'\n  condition: selection and not filter\n";
    expect(convert(denied, "eql", unknownFields, "superset")).toMatchObject({ queries: ['any where ?F : "abc"'] });
  });

  it("finds everything where nothing can be said", () => {
    const conversion = convert(selection("F|re: '\\bx'"), "dsl", unknownFields, "superset");
    expect(conversion).toMatchObject({ queries: [{ match_all: {} }], postFilter: true });
  });
});

describe("text languages", () => {
  const denied =
    "  selection:\n    F|endswith: '\\nc.exe'\n  filter:\n    G: null\n  condition: selection and not filter\n";

  it("write a negation so that missing fields satisfy it", () => {
    expect(query(denied, "lucene")).toBe("F:/.*\\\\[nN][cC]\\.[eE][xX][eE]/ AND (*:* NOT (*:* NOT _exists_:G))");
    expect(query(denied, "eql")).toBe('any where ?F : "*\\\\nc.exe" and (?G != null)');
    expect(query(denied, "esql")).toContain('to_lower(F) like "*\\\\\\\\nc.exe" and (not coalesce(G is null, false))');
  });

  it("let a missing field pass in EQL where a comparison with it is denied, for even its negation is null", () => {
    const either = "  a:\n    F: 1\n    G: x\n  b:\n    H: 2\n  condition: b and not a\n";
    expect(query(either, "eql")).toBe(
      'any where ?H == 2 and ((?F == null or not ?F == 1) or (?G == null or not ?G : "x"))',
    );
  });

  it("end a Lucene regex in a class when its last character is a backslash", () => {
    expect(query(selection("F|endswith: 'a\\'"), "lucene")).toBe("F:/.*[aA][\\\\]/");
  });

  it.each(["lucene", "dsl", "eql", "esql"] as const)(
    "refuse in %s a regex with more states than engines allow",
    (target) => {
      expect(convert(selection("F|re: 'a.{2,128}b'"), target)).toMatchObject({ kind: "refused" });
      expect(convert(selection("F|re: 'a.{1,3}b'"), target)).toMatchObject({ kind: "converted" });
    },
  );

  it("write KQL for fields whose index folds case", () => {
    const types = typed({ F: "lowercase", G: "ip" });
    expect(
      query("  selection:\n    F|contains: 'a or (b)'\n    G|cidr: 10.0.0.0/8\n  condition: selection\n", "kql", types),
    ).toBe('F: *a \\or \\(b\\)* and G: "10.0.0.0/8"');
  });

  it("group long lists where a parser takes no long rows", () => {
    const values = Array.from({ length: 120 }, (_, index) => `      - v${index}*\n`).join("");
    const written = String(query(`  selection:\n    F:\n${values}  condition: selection\n`, "esql"));
    expect(written.match(/\(to_lower/g)).toHaveLength(3);
  });
});

describe("names within a flattened object", () => {
  const flat = fieldTypesOf({ properties: { facts: { type: "flattened" } } });

  it("can be asked for whole texts, beginnings and numbers, and be there or missing", () => {
    expect(query(selection("facts.a: Abc"), "dsl", flat)).toEqual({
      term: { "facts.a": { value: "Abc", case_insensitive: true } },
    });
    expect(query(selection("facts.a|startswith: ab"), "dsl", flat)).toEqual({
      prefix: { "facts.a": { value: "ab", case_insensitive: true } },
    });
    expect(query(selection("facts.a: 403"), "dsl", flat)).toEqual({ term: { "facts.a": "403" } });
    expect(query(selection("facts.a: 403"), "lucene", flat)).toBe('facts.a:"403"');
    expect(query(selection("facts.a: '403'"), "kql", flat)).toBe('facts.a: "403"');
    expect(query(selection("facts.a: '*'"), "dsl", flat)).toEqual({ exists: { field: "facts.a" } });
    expect(query(selection("facts.a: null"), "lucene", flat)).toBe("(*:* NOT _exists_:facts.a)");
  });

  it.each<[Target, string]>([
    ["dsl", "facts.a|contains: b"],
    ["dsl", "facts.a: 'a?'"],
    ["dsl", "facts.a: é"],
    ["dsl", "facts.a|re: a.*b"],
    ["dsl", "facts.a|gte: 400"],
    ["dsl", "facts.a|fieldref: facts.b"],
    ["lucene", "facts.a: Abc"],
    ["lucene", "facts.a|endswith: '1'"],
    ["kql", "facts.a: Abc"],
    ["kql", "facts.a|contains: '1'"],
    ["eql", "facts.a: '1'"],
    ["esql", "facts.a: '1'"],
  ])("are refused in %s where servers cannot say it: %s", (target, item) => {
    expect(convert(selection(item), target, flat)).toMatchObject({ kind: "refused" });
    expect(convert(selection(item), target, flat, "superset")).toMatchObject({ kind: "converted", postFilter: true });
  });

  it("are told from their neighbours, and known of OpenSearch's mappings, too", () => {
    expect(convert(selection("factsheet.a|contains: b"), "dsl", flat)).toMatchObject({ kind: "converted" });
    const opensearch = fieldTypesOf({ properties: { t: { properties: { facts: { type: "flat_object" } } } } });
    expect(convert(selection("t.facts.a|contains: b"), "dsl", opensearch)).toMatchObject({ kind: "refused" });
  });
});

describe("the types of a mapping", () => {
  it("are read from what GET _mapping answers", () => {
    const properties = {
      process: { properties: { name: { type: "keyword", normalizer: "lowercase" }, args: { type: "wildcard" } } },
      message: { type: "text", fields: { keyword: { type: "keyword" } } },
      bytes: { type: "long" },
    };
    expect([...fieldTypesOf({ "logs-1": { mappings: { properties } } }).fields]).toEqual([
      ["process.name", "lowercase"],
      ["process.args", "keyword"],
      ["message", "text"],
      ["message.keyword", "keyword"],
      ["bytes", "number"],
    ]);
    expect(() => fieldTypesOf([])).toThrow(/properties/);
  });
});

describe("exports", () => {
  const options = {
    fidelity: "exact",
    fieldTypes: unknownFields,
    index: "logs-*",
    indices: ["logs-*"],
    intervalMinutes: 5,
  } as const;
  const rule = onlyRule(ruleText(selection("F: abc")));

  it("make a detection rule for each language that runs in one", () => {
    const exported = (["eql", "esql", "dsl", "lucene"] as const).map((target) =>
      exportRule(rule, { ...options, target, format: "kibana_rule" }),
    );
    const outputs = exported.flatMap((each) => (each.kind === "converted" ? each.outputs : []));
    expect(outputs.map((output) => (typeof output === "string" ? output : output["type"]))).toEqual([
      "eql",
      "esql",
      "query",
      "query",
    ]);
    expect(outputs[0]).toMatchObject({ from: "now-360s", interval: "5m", index: ["logs-*"], enabled: false });
  });

  it("name the techniques of a rule's tags where their names are known", () => {
    const shell = { id: "T1059.004", name: "Unix Shell", tactics: [{ id: "TA0002", name: "Execution" }] };
    const parent = { ...shell, id: "T1059", name: "Command and Scripting Interpreter" };
    const techniques = new Map([shell, parent].map((technique) => [technique.id, technique]));
    const tagged = onlyRule(ruleText(selection("F: abc"), "tags: [attack.execution, attack.t1059.004, attack.t1]\n"));
    const exported = exportRule(tagged, { ...options, techniques, target: "eql", format: "kibana_rule" });
    expect(exported).toMatchObject({
      outputs: [
        { threat: [{ tactic: { id: "TA0002" }, technique: [{ id: "T1059", subtechnique: [{ id: "T1059.004" }] }] }] },
      ],
    });
  });

  it("make a threshold rule that looks back over timespan and interval", () => {
    const base = `${ruleText(selection("F: abc"), "name: a\n")}---\n`;
    const text = `${base}title: many\ncorrelation: {type: event_count, rules: [a], group-by: [user], timespan: 10m, condition: {gt: 4}}\n`;
    const { rules, correlations } = loadCollection([{ file: "many.yml", text }]);
    const [correlation] = correlations;
    if (correlation === undefined) throw new Error("no correlation");
    const settings = { ...options, target: "dsl", format: "kibana_rule" } as const;
    expect(exportCorrelation(correlation, rules, settings)).toMatchObject({ kind: "refused" });
    expect(exportCorrelation(correlation, rules, { ...settings, fidelity: "superset" })).toMatchObject({
      postFilter: true,
      outputs: [{ type: "threshold", from: "now-960s", threshold: { field: ["user"], value: 5, cardinality: [] } }],
    });
  });

  it("make a monitor that looks at the time since its last run", () => {
    const monitor = exportRule(rule, { ...options, target: "dsl", format: "monitor" });
    expect(JSON.stringify(monitor)).toContain('"gt":"{{period_end}}||-5m"');
  });

  it("refuse a negation in Security Analytics, which asks for the field to be there", () => {
    const denied = onlyRule(
      ruleText(
        "  a:\n    F: x\n  b:\n    G: y\n  condition: a and not b\n",
        "id: 7f8a2c1e-0000-4000-8000-000000000001\n",
      ),
    );
    const format = "security_analytics";
    expect(exportRule(denied, { ...options, target: "dsl", format })).toMatchObject({ kind: "refused" });
    expect(exportRule(denied, { ...options, target: "dsl", format, fidelity: "compat" })).toMatchObject({
      outputs: [expect.stringContaining("condition: (a and not b)")],
    });
  });
});

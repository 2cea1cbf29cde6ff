import {
  exportCorrelation,
  exportRule,
  type FieldTypes,
  loadCollection,
  type Target,
  unmatchableReason,
} from "../../src/sigma/index.ts";
import { onlyRule, ruleText } from "./sigma-samples.ts";

/** A feature of the language: how the table names it, and a rule that has it. */
const features: readonly (readonly [string, string])[] = [
  ["text, whatever its case", selection("F: Abc")],
  ["`cased`", selection("F|cased: Abc")],
  ["`contains`, `startswith`, `endswith`, `*`", selection("F|contains: abc")],
  ["`?`", selection("F: a?c")],
  ["a literal `*`", selection("F: 'a\\*c'")],
  ["text without letters", selection("F: '123-*'")],
  ["letters beyond ASCII", selection("F: É")],
  ["numbers", selection("F: 5")],
  ["true and false", selection("F: true")],
  ["`null`", selection("F: null")],
  ["`exists`", selection("F|exists: true")],
  ["`neq`, `not`", selection("F|neq: 5")],
  ["`re`", selection("F|re: a\\d+b")],
  ["`re` with `i`", selection("F|re|i: ab+")],
  ["`re` with `\\b`", selection("F|re: '\\bab'")],
  ["`cidr`, IPv4", selection("F|cidr: 10.0.0.0/8")],
  ["`cidr`, IPv6", selection("F|cidr: 2001:db8::/32")],
  ["`lt`, `lte`, `gt`, `gte`", selection("F|gt: 5")],
  ["`hour` and other parts of times", selection("F|hour: 5")],
  ["`week`", selection("F|week: 5")],
  ["`fieldref`", selection("F|fieldref: G")],
  ["`windash`, `base64offset`", selection("F|windash|contains: ' -x'")],
  ["keywords", "  keywords:\n    - abc\n  condition: keywords\n"],
];

const correlations: readonly (readonly [string, string])[] = [
  ["`event_count`, at least so many", "type: event_count\n  condition: {gte: 3}"],
  ["`event_count`, other bounds", "type: event_count\n  condition: {lt: 3}"],
  ["`value_count`", "type: value_count\n  condition: {gte: 3, field: F}"],
  ["`value_sum`, `value_avg`, `value_median`, `value_percentile`", "type: value_sum\n  condition: {gte: 3, field: F}"],
  ["`temporal`", "type: temporal"],
  ["`temporal_ordered`", "type: temporal_ordered"],
  ["conditions over rules", "type: temporal\n  condition: a and not b"],
];

const targets: readonly Target[] = ["dsl", "lucene", "eql", "esql", "kql"];

function selection(item: string): string {
  return `  selection:\n    ${item}\n  condition: selection\n`;
}

function typesWith(fallback: FieldTypes["fallback"]): FieldTypes {
  return { fallback, fields: new Map() };
}

const options = { format: "query", index: "logs-*", indices: ["logs-*"], intervalMinutes: 5 } as const;

/** The two tables of docs/sigma-targets.md, as what the compilers say makes them. */
export function supportTables(): string {
  const head = ["", "in process", ...targets, "ppl", "Security Analytics"];
  const rules = features.map(([name, detection]) => [name, ...ruleCells(detection)]);
  const counted = correlations.map(([name, section]) => [name, "yes", ...correlationCells(section)]);
  const countedHead = ["", "in process", "eql", "esql", "threshold rule"];
  return `${table([head, ...rules])}\n\n${table([countedHead, ...counted])}`;
}

function ruleCells(detection: string): string[] {
  const rule = onlyRule(ruleText(detection, "id: 7f8a2c1e-0000-4000-8000-000000000001\n"));
  const converts = (target: Target, fallback: FieldTypes["fallback"]): boolean =>
    exportRule(rule, { ...options, target, fidelity: "exact", fieldTypes: typesWith(fallback) }).kind === "converted";
  const cells = targets.map((target) => {
    if (converts(target, "keyword")) return "yes";
    return converts(target, "lowercase") ? "folding index" : "superset";
  });
  const compat = exportRule(rule, { ...options, target: "ppl", fidelity: "compat", fieldTypes: typesWith("keyword") });
  const analytics = exportRule(rule, {
    ...options,
    format: "security_analytics",
    target: "dsl",
    fidelity: "exact",
    fieldTypes: typesWith("keyword"),
  });
  const matched = unmatchableReason(rule) === undefined ? "yes" : "no";
  return [
    matched,
    ...cells,
    compat.kind === "converted" ? "compat" : "no",
    analytics.kind === "converted" ? "yes" : "no",
  ];
}

function correlationCells(section: string): string[] {
  const base = (name: string): string => `${ruleText(selection(`F: ${name}`), `name: ${name}\n`)}---\n`;
  const one = /event_count|value_/.test(section);
  const names = one ? "[a]" : "[a, b]";
  const text = `${base("a")}${base("b")}title: c\ncorrelation:\n  rules: ${names}\n  group-by: [user]\n  timespan: 5m\n  ${section}\n`;
  const { rules, correlations: found } = loadCollection([{ file: "c.yml", text }]);
  const [correlation] = found;
  if (correlation === undefined) throw new Error(section);
  const named = correlation.rules.flatMap((name) => rules.find((rule) => rule.metadata.name === name) ?? []);
  const says = (target: Target, fidelity: "exact" | "superset", format: "query" | "kibana_rule"): boolean =>
    exportCorrelation(correlation, named, { ...options, format, target, fidelity, fieldTypes: typesWith("keyword") })
      .kind === "converted";
  const cell = (target: Target, format: "query" | "kibana_rule"): string => {
    if (says(target, "exact", format)) return "yes";
    return says(target, "superset", format) ? "superset" : "no";
  };
  return [cell("eql", "query"), cell("esql", "query"), cell("dsl", "kibana_rule")];
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rest.map(line)].join("\n");
}

import type { Correlation, CorrelationTest, Measure, Metadata, Timespan } from "../ast.ts";
import { at, type Place, type Report, refuse, shown, warn } from "../problem.ts";
import { closest } from "./closest.ts";
import { type BoundsCondition, parseBounds } from "./parse-bounds.ts";
import { parseMetadata } from "./parse-metadata.ts";
import { parseRuleExpression, rulesOf } from "./parse-rule-expression.ts";
import { isList, isMap, type YamlMap, type YamlValue } from "./yaml-value.ts";

const types: readonly Measure["type"][] = [
  "event_count",
  "value_count",
  "value_sum",
  "value_avg",
  "value_median",
  "value_percentile",
  "temporal",
  "temporal_ordered",
];

/** Where the parts of a correlation are read from. */
interface Reading {
  readonly section: YamlMap;
  readonly place: Place;
  readonly report: Report;
}

/** Reads a correlation. Its references are not looked up here: they may be in other files. */
export function parseCorrelation(document: YamlMap, report: Report): Correlation | undefined {
  const metadata = parseMetadata(document, report);
  const section = document.get("correlation");
  const place = at(undefined, "correlation");
  if (!isMap(section)) {
    const hint = "Write correlation: with type, rules, timespan and condition.";
    return refuse(report, place, "correlation_missing", `correlation must be a map, not ${shown(section)}.`, hint);
  }
  const read: Reading = { section, place, report };
  refuseUnknownKeys(read);
  const generate = parseGenerate(read, document.get("generate"));
  return assemble(metadata, read, generate);
}

function assemble(metadata: Metadata, read: Reading, generate: boolean): Correlation | undefined {
  const type = parseType(read);
  const listed = texts(read, "rules");
  const groupBy = texts(read, "group-by") ?? [];
  const timespan = parseTimespan(read);
  const aliases = parseAliases(read);
  if (type === undefined) return undefined;
  const judged = parseTest(read, type, listed);
  if (judged === undefined || timespan === undefined) return undefined;
  const { measure, test } = judged;
  const rules = listed ?? (test.kind === "expression" ? rulesOf(test.expression) : []);
  if (rules.length === 0) {
    // A list that is no list has been refused already.
    const said = listed === undefined && isGiven(read.section.get("rules"));
    return said
      ? undefined
      : wrong(read, "rules", "correlation_rules_missing", "The correlation names no rule.", "List ids or names.");
  }
  return { kind: "correlation", metadata, rules, measure, test, groupBy, timespan, aliases, generate };
}

function isGiven(value: YamlValue | undefined): boolean {
  return value !== undefined && value !== null;
}

function wrong(read: Reading, key: string, code: string, message: string, hint: string): undefined {
  return refuse(read.report, at(read.place, key), code, message, hint);
}

const keys = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];

function refuseUnknownKeys(read: Reading): void {
  for (const key of read.section.keys()) {
    if (keys.includes(key)) continue;
    const near = closest(key, keys);
    const hint = near === undefined ? `There are: ${keys.join(", ")}.` : `Did you mean ${near}?`;
    wrong(read, key, "correlation_unknown_key", `A correlation has no ${shown(key)}.`, hint);
  }
}

function parseGenerate(read: Reading, outer: YamlValue | undefined): boolean {
  const value = read.section.get("generate") ?? outer ?? false;
  if (typeof value === "boolean") return value;
  wrong(
    read,
    "generate",
    "correlation_generate",
    `generate is true or false, not ${shown(value)}.`,
    "Write true or false.",
  );
  return false;
}

function parseType(read: Reading): Measure["type"] | undefined {
  const value = read.section.get("type");
  const type = types.find((candidate) => candidate === (typeof value === "string" ? value.toLowerCase() : value));
  if (type !== undefined) return type;
  const near = typeof value === "string" ? closest(value, types) : undefined;
  const hint = near === undefined ? `Choose one of ${types.join(", ")}.` : `Did you mean ${near}?`;
  return wrong(read, "type", "correlation_type", `There is no correlation type ${shown(value)}.`, hint);
}

function texts(read: Reading, key: string): string[] | undefined {
  const value = read.section.get(key);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return [value];
  if (isList(value) && value.every((item) => typeof item === "string")) return value.map(String);
  return wrong(
    read,
    key,
    "correlation_list",
    `${key} is a text or a list of texts, not ${shown(value)}.`,
    "Quote the entries.",
  );
}

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800, M: 2_629_746, y: 31_556_952 } as const;

function parseTimespan(read: Reading): Timespan | undefined {
  const value = read.section.get("timespan");
  const [, digits, letter] = typeof value === "string" ? (/^(\d{1,9})([smhdwMy])$/.exec(value) ?? []) : [];
  const count = Number(digits);
  const unit = isUnit(letter) ? letter : undefined;
  if (unit !== undefined && count > 0) return { count, unit, seconds: count * unitSeconds[unit] };
  const hint = "Write a number above 0 and s, m, h, d, w, M (months) or y, e.g. 5m.";
  return wrong(read, "timespan", "correlation_timespan", `${shown(value)} is no timespan.`, hint);
}

function isUnit(letter: string | undefined): letter is keyof typeof unitSeconds {
  return letter !== undefined && letter in unitSeconds;
}

function parseAliases(read: Reading): Correlation["aliases"] {
  const value = read.section.get("aliases");
  const aliases = new Map<string, ReadonlyMap<string, string>>();
  if (value === undefined || value === null) return aliases;
  const entries = isMap(value) ? [...value] : [["", value] as const];
  for (const [alias, fields] of entries) {
    const pairs = isMap(fields) ? [...fields] : [];
    const texts = pairs.flatMap(([rule, field]) => (typeof field === "string" ? [[rule, field] as const] : []));
    if (texts.length > 0 && texts.length === pairs.length) aliases.set(alias, new Map(texts));
    else {
      const hint = "Write aliases: {alias: {rule: field}}.";
      wrong(read, "aliases", "correlation_aliases", `An alias maps rules to fields, not ${shown(fields)}.`, hint);
    }
  }
  return aliases;
}

interface Judged {
  readonly measure: Measure;
  readonly test: CorrelationTest;
}

function parseTest(read: Reading, type: Measure["type"], listed: readonly string[] | undefined): Judged | undefined {
  const value = read.section.get("condition");
  const temporal = type === "temporal" || type === "temporal_ordered";
  if (temporal && typeof value === "string") {
    const expression = parseRuleExpression(value, listed, at(read.place, "condition"), read.report);
    return expression && { measure: { type }, test: { kind: "expression", expression } };
  }
  if (temporal && (value === undefined || value === null)) {
    const bounds = [{ op: "gte", value: listed?.length ?? 0 } as const];
    return { measure: { type }, test: { kind: "bounds", bounds } };
  }
  if (!isMap(value)) {
    const hint = temporal ? "Write {gte: 2}, or rules with and, or, not." : "Write e.g. condition: {gte: 10}.";
    return wrong(read, "condition", "correlation_condition", `The condition cannot be ${shown(value ?? null)}.`, hint);
  }
  const condition = parseBounds(value, at(read.place, "condition"), read.report);
  if (condition !== undefined && condition.fields.length > 0 && (temporal || type === "event_count")) {
    const place = at(at(read.place, "condition"), "field");
    warn(
      read.report,
      place,
      "correlation_field_ignored",
      `${type} reads no field.`,
      "Leave field out, or use value_count.",
    );
  }
  const measure = condition && measureOf(read, type, condition);
  return condition && measure && { measure, test: { kind: "bounds", bounds: condition.bounds } };
}

function measureOf(read: Reading, type: Measure["type"], condition: BoundsCondition): Measure | undefined {
  const [field, another] = condition.fields;
  switch (type) {
    case "event_count":
    case "temporal":
    case "temporal_ordered":
      return { type };
    case "value_count":
      if (field !== undefined) return { type, fields: condition.fields };
      break;
    case "value_sum":
    case "value_avg":
    case "value_median":
      if (field !== undefined && another === undefined) return { type, field };
      break;
    case "value_percentile":
      if (field === undefined || another !== undefined) break;
      if (condition.percentile !== undefined) return { type, field, percentile: condition.percentile };
      return wrong(
        read,
        "condition",
        "correlation_percentile",
        "value_percentile lacks its percentile.",
        "Write e.g. percentile: 95.",
      );
  }
  const needs = type === "value_count" ? "a field or a list of fields" : "one field";
  return wrong(
    read,
    "condition",
    "correlation_field",
    `${type} needs ${needs} to measure.`,
    "Write field: in the condition.",
  );
}

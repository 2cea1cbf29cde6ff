import type { Item, Scalar, Value } from "../ast.ts";
import { limits } from "../limits.ts";
import { at, type Budget, type Place, type Report, refuse, shown, warn } from "../problem.ts";
import { closest } from "./closest.ts";
import { type Chain, type Modifier, modifiers } from "./modifiers.ts";
import { regexFault } from "./modify-regex.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { parsePattern } from "./string-pattern.ts";
import { isList, isMap, type YamlValue } from "./yaml-value.ts";

/** What is shared by the items of a rule. */
export interface ItemContext {
  readonly report: Report;
  /** Values so far, expansions counted. */
  values: number;
}

/** Reads `field|modifier|modifier: value or values`. The key of a keyword list without modifiers is empty. */
export function parseItem(key: string, written: YamlValue, place: Place, context: ItemContext): Item | undefined {
  const [field = "", ...names] = key.split("|");
  const scalars = writtenValues(written, place, context.report);
  if (scalars === undefined) return undefined;
  if (field === "" && scalars.some((scalar) => scalar === null)) {
    const hint = "Write a text, or put the null under a field.";
    return refuse(context.report, place, "keyword_null", "A keyword cannot be null.", hint);
  }
  const values = applyModifiers(field === "" ? undefined : field, names, scalars, place, context);
  if (values === undefined) return undefined;
  const base = {
    modifiers: names,
    values,
    linking: names.includes("all") ? "all" : "any",
    negated: names.includes("neq"),
    written: scalars,
  } as const;
  return field === "" ? { kind: "keyword", ...base } : { kind: "field", field, ...base };
}

function writtenValues(written: YamlValue, place: Place, report: Report): readonly Scalar[] | undefined {
  if (isMap(written)) {
    const hint = "Write a value or a list of values; nested fields are written with dots: process.parent.name.";
    return refuse(report, place, "value_map", "The value of a field cannot be a map.", hint);
  }
  if (!isList(written)) return [written];
  if (written.length === 0) {
    warn(
      report,
      place,
      "value_list_empty",
      "An empty list is read as null.",
      "Write null if the field shall be missing.",
    );
    return [null];
  }
  const scalars: Scalar[] = [];
  for (const [index, value] of written.entries()) {
    if (isMap(value) || isList(value)) {
      const hint = "Write the values in one flat list.";
      return refuse(report, at(place, index), "value_nested", `A list of values cannot hold ${shown(value)}.`, hint);
    }
    scalars.push(value);
  }
  return scalars;
}

function applyModifiers(
  field: string | undefined,
  names: readonly string[],
  written: readonly Scalar[],
  place: Place,
  context: ItemContext,
): Value[] | undefined {
  const steps = namedModifiers(field, names, place, context.report);
  if (steps === undefined) return undefined;
  const values: Value[] = [];
  for (const [index, scalar] of written.entries()) {
    const value = applyChain(toValue(scalar, names[0] === "re"), steps, context.report.budget);
    const refusal = value.kind === "refusal" ? value : limitsRefusal(value, context);
    if (refusal !== undefined) {
      const where = written.length === 1 ? place : at(place, index);
      return refuse(context.report, where, refusal.code, refusal.message, refusal.hint);
    }
    if (value.kind !== "refusal") values.push(value);
  }
  return values;
}

interface Step {
  readonly modifier: Modifier;
  readonly chain: Chain;
}

function namedModifiers(
  field: string | undefined,
  names: readonly string[],
  place: Place,
  report: Report,
): Step[] | undefined {
  const own = names.filter((name) => name !== "all" && name !== "neq");
  const steps: Step[] = [];
  for (const [index, name] of own.entries()) {
    const modifier = modifiers.get(name);
    if (modifier === undefined) {
      const near = closest(name, [...modifiers.keys(), "all", "neq"]);
      const hint = near === undefined ? "docs/sigma.md lists the modifiers." : `Did you mean ${near}?`;
      return refuse(report, place, "modifier_unknown", `There is no modifier ${JSON.stringify(name)}.`, hint);
    }
    const first = index === 0 && names[0] === name;
    steps.push({ modifier, chain: { field, first, previous: own[index - 1], next: own[index + 1] } });
  }
  return steps;
}

function applyChain(first: Value | Refusal, steps: readonly Step[], budget: Budget): Value | Refusal {
  let value = first;
  for (const { modifier, chain } of steps) {
    if (value.kind === "refusal") return value;
    value = applyInside(modifier, value, chain);
  }
  if (value.kind !== "regex") return value;
  const fault = regexFault(value, budget);
  return fault === undefined ? value : regexRefusal(fault);
}

/** Inside an expansion each value is changed; expansions of expansions become one. */
function applyInside(modifier: Modifier, value: Value, chain: Chain): Value | Refusal {
  if (value.kind !== "expansion") return modifier(value, chain);
  const values: Value[] = [];
  for (const member of value.values) {
    const changed = modifier(member, chain);
    if (changed.kind === "refusal") return changed;
    if (changed.kind === "expansion") values.push(...changed.values);
    else values.push(changed);
  }
  return { kind: "expansion", values };
}

function regexRefusal(fault: string): Refusal {
  const hint = "Only what can be searched in linear time is read (RE2 syntax): no look-around, no back-references.";
  return refusal("regex_invalid", `The regular expression cannot be used: ${fault}.`, hint);
}

function limitsRefusal(value: Value, context: ItemContext): Refusal | undefined {
  context.values += value.kind === "expansion" ? value.values.length : 1;
  if (context.values <= limits.values) return undefined;
  const message = `The rule has more than ${limits.values} values, expansions counted.`;
  return refusal("values_too_many", message, "Split the rule.");
}

const nullValue: Value = Object.freeze({ kind: "null" });

function toValue(scalar: Scalar, raw: boolean): Value | Refusal {
  switch (typeof scalar) {
    case "string":
      return { kind: "string", parts: raw ? (scalar === "" ? [] : [scalar]) : parsePattern(scalar), cased: false };
    case "number":
      return raw ? toValue(String(scalar), true) : numberValue(scalar);
    case "boolean":
      return { kind: "boolean", value: scalar };
    default:
      return nullValue;
  }
}

function numberValue(value: number): Value | Refusal {
  if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return { kind: "number", value };
  const message = `The number ${value} cannot be compared exactly.`;
  return refusal("number_inexact", message, "Put it in quotes to compare it as text.");
}

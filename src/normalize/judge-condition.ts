import type { Condition } from "./mapping-schema.ts";

/**
 * What is known of one field: its text; or that it is none of the listed texts and begins with these prefixes; or that
 * it has no value; or that there is nothing under its name either.
 */
export type Fact =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "other"; readonly prefixes: ReadonlySet<string> }
  | { readonly kind: "absent" }
  | { readonly kind: "missing" };

export type Facts = ReadonlyMap<string, Fact>;

/** Whether a condition holds as far as the facts tell; undefined: they do not. */
export function judgeCondition(condition: Condition, facts: Facts): boolean | undefined {
  const parts: (boolean | undefined)[] = judgeField(condition, facts);
  for (const part of condition.all ?? []) parts.push(judgeCondition(part, facts));
  if (condition.any !== undefined) parts.push(judgeAny(condition.any, facts));
  if (condition.none !== undefined) {
    const any = judgeAny(condition.none, facts);
    parts.push(any === undefined ? undefined : !any);
  }
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

function judgeAny(conditions: readonly Condition[], facts: Facts): boolean | undefined {
  const parts = conditions.map((part) => judgeCondition(part, facts));
  if (parts.includes(true)) return true;
  return parts.includes(undefined) ? undefined : false;
}

function judgeField(condition: Condition, facts: Facts): (boolean | undefined)[] {
  const { field, exists, equals, prefix, contains, matches, type, only } = condition;
  const fact = field === undefined ? undefined : facts.get(field);
  if (fact === undefined) return field === undefined ? [] : [undefined];
  const parts: (boolean | undefined)[] = [];
  if (equals !== undefined) parts.push(judgeEquals([equals], fact));
  if (condition.in !== undefined) parts.push(judgeEquals(condition.in, fact));
  if (prefix !== undefined) parts.push(judgePrefix(typeof prefix === "string" ? [prefix] : prefix, fact));
  if (exists !== undefined) parts.push(judgeExists(exists, fact));
  const hasNone = fact.kind === "absent" || fact.kind === "missing";
  for (const test of [contains, matches, type, only]) if (test !== undefined) parts.push(hasNone ? false : undefined);
  return parts;
}

function judgeExists(exists: boolean, fact: Fact): boolean | undefined {
  if (fact.kind === "absent") return undefined;
  return (fact.kind !== "missing") === exists;
}

function judgeEquals(values: readonly (string | number | boolean)[], fact: Fact): boolean {
  return fact.kind === "text" && values.some((value) => String(value) === fact.text);
}

function judgePrefix(prefixes: readonly string[], fact: Fact): boolean {
  if (fact.kind === "other") return prefixes.some((prefix) => fact.prefixes.has(prefix));
  return fact.kind === "text" && prefixes.some((prefix) => fact.text.startsWith(prefix));
}

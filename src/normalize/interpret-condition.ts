import { RE2JS } from "re2js";
import type { Document } from "../sdk/document.ts";
import { scalarText, valueType } from "./coerce-value.ts";
import { isObject, splitPath } from "./compile-path.ts";
import type { Condition } from "./mapping-schema.ts";

/** A field's value, by trying every way to write its path as keys: shortest first key first. Oracle of `compilePath`. */
export function interpretPath(path: string, document: unknown): unknown {
  return findField(splitPath(path), document);
}

function findField(segments: readonly string[], holder: unknown): unknown {
  if (segments.length === 0) return holder;
  const object = Array.isArray(holder) && holder.length === 1 ? holder[0] : holder;
  if (!isObject(object)) return undefined;
  for (let length = 1; length <= segments.length; length += 1) {
    const key = segments.slice(0, length).join(".");
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    if (value === undefined || value === null) continue;
    const found = findField(segments.slice(length), value);
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

/** Whether any key, however the path is split, goes on after the whole path. */
function hasUnder(segments: readonly string[], holder: unknown): boolean {
  const object = Array.isArray(holder) && holder.length === 1 ? holder[0] : holder;
  if (!isObject(object)) return false;
  return Object.entries(object).some(([key, value]) => {
    if (value === null || value === undefined) return false;
    if (key.startsWith(`${segments.join(".")}.`) && key.length > segments.join(".").length + 1) return true;
    return segments.some(
      (_, at) => at > 0 && segments.slice(0, at).join(".") === key && hasUnder(segments.slice(at), value),
    );
  });
}

/** Whether a condition holds, as `compileCondition` says. */
export function interpretCondition(condition: Condition, document: Document): boolean {
  return failedTest(condition, document) === undefined;
}

/** The first test that fails, in words; undefined when all hold. */
export function failedTest(condition: Condition, document: Document): string | undefined {
  const failed = condition.field === undefined ? undefined : failedFieldTest(condition, condition.field, document);
  if (failed !== undefined) return failed;
  for (const part of condition.all ?? []) {
    const inner = failedTest(part, document);
    if (inner !== undefined) return inner;
  }
  const failures = (condition.any ?? []).map((part) => failedTest(part, document));
  if (failures.length > 0 && failures.every((failure) => failure !== undefined)) return failures.join(" or ");
  const held = (condition.none ?? []).find((part) => failedTest(part, document) === undefined);
  return held === undefined ? undefined : `must not hold: ${describeCondition(held)}`;
}

function failedFieldTest(condition: Condition, field: string, document: Document): string | undefined {
  const value = interpretPath(field, document);
  const texts = scalarsOf(value);
  const { exists, type, equals, only, prefix, contains, matches } = condition;
  const prefixes = typeof prefix === "string" ? [prefix] : (prefix ?? []);
  const regex = matches === undefined ? undefined : RE2JS.compile(matches);
  const holds =
    (exists === undefined || (value !== undefined || hasUnder(splitPath(field), document)) === exists) &&
    (type === undefined || valueType(value) === type) &&
    (equals === undefined || texts.includes(String(equals))) &&
    (condition.in === undefined || condition.in.some((one) => texts.includes(String(one)))) &&
    (only === undefined || onlyOf(value, only.map(String))) &&
    (prefix === undefined || texts.some((text) => prefixes.some((start) => text.startsWith(start)))) &&
    (contains === undefined || texts.some((text) => text.includes(contains))) &&
    (regex === undefined || texts.some((text) => regex.matcher(text).find()));
  return holds ? undefined : describeCondition(condition);
}

function scalarsOf(value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map(scalarText).filter((text) => text !== undefined);
}

function onlyOf(value: unknown, allowed: readonly string[]): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.length > 0 && values.every((one) => allowed.includes(scalarText(one) ?? "\0absent"));
}

/** A condition in words: `event.action only ["end"]`, `not (a exists true or b exists true)`. */
export function describeCondition(condition: Condition): string {
  const { field, all = [], any, none, ...tests } = condition;
  const parts = Object.entries(tests).map(([test, value]) => `${field} ${test} ${JSON.stringify(value)}`);
  parts.push(...all.map(describeCondition));
  if (any !== undefined) parts.push(`(${any.map(describeCondition).join(" or ")})`);
  if (none !== undefined) parts.push(`not (${none.map(describeCondition).join(" or ")})`);
  return parts.join(" and ");
}

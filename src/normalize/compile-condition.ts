import { RE2JS } from "re2js";
import type { Document } from "../sdk/document.ts";
import { scalarText, valueType } from "./coerce-value.ts";
import { compileExists } from "./compile-exists.ts";
import { compilePath } from "./compile-path.ts";
import type { Condition } from "./mapping-schema.ts";

export type Predicate = (document: Document) => boolean;

/** Compiles a condition once; everything it names must hold. Total: any document gives true or false. */
export function compileCondition(condition: Condition): Predicate {
  const parts: Predicate[] = [...compileFieldTests(condition)];
  if (condition.all !== undefined) parts.push(allOf(condition.all.map(compileCondition)));
  if (condition.any !== undefined) parts.push(anyOf(condition.any.map(compileCondition)));
  if (condition.none !== undefined) {
    const any = anyOf(condition.none.map(compileCondition));
    parts.push((document) => !any(document));
  }
  return allOf(parts);
}

/** True when any of the conditions holds. */
export function compileAny(conditions: readonly Condition[] | undefined): Predicate {
  return anyOf((conditions ?? []).map(compileCondition));
}

function compileFieldTests(condition: Condition): Predicate[] {
  if (condition.field === undefined) return [];
  const read = compilePath(condition.field);
  const tests = valueTests(condition).map(
    (test): Predicate =>
      (document) =>
        test(read(document)),
  );
  if (condition.exists === undefined) return tests;
  const { exists } = condition;
  const has = compileExists(condition.field);
  return [(document) => has(document) === exists, ...tests];
}

type ValueTest = (value: unknown) => boolean;

function valueTests(condition: Condition): ValueTest[] {
  const tests: ValueTest[] = [];
  const { type } = condition;
  if (type !== undefined) tests.push((value) => valueType(value) === type);
  if (condition.equals !== undefined) tests.push(someScalar(inSet([condition.equals])));
  if (condition.in !== undefined) tests.push(someScalar(inSet(condition.in)));
  if (condition.only !== undefined) tests.push(everyScalar(inSet(condition.only)));
  if (condition.prefix !== undefined) tests.push(someScalar(hasPrefix(condition.prefix)));
  const { contains } = condition;
  if (contains !== undefined) tests.push(someScalar((text) => text.includes(contains)));
  if (condition.matches !== undefined) tests.push(someScalar(hasMatch(condition.matches)));
  return tests;
}

function inSet(values: readonly (string | number | boolean)[]): (text: string) => boolean {
  const set = new Set(values.map(String));
  return (text) => set.has(text);
}

function hasPrefix(prefix: string | readonly string[]): (text: string) => boolean {
  const prefixes = typeof prefix === "string" ? [prefix] : prefix;
  return (text) => prefixes.some((start) => text.startsWith(start));
}

function hasMatch(regex: string): (text: string) => boolean {
  const compiled = RE2JS.compile(regex);
  return (text) => compiled.matcher(text).find();
}

function someScalar(test: (text: string) => boolean): ValueTest {
  return (value) => {
    if (typeof value === "string") return test(value);
    if (!Array.isArray(value)) return testScalar(value, test);
    for (let index = 0; index < value.length; index += 1) if (testScalar(value[index], test)) return true;
    return false;
  };
}

function everyScalar(test: (text: string) => boolean): ValueTest {
  return (value) => {
    if (!Array.isArray(value)) return testScalar(value, test);
    return value.length > 0 && value.every((element) => testScalar(element, test));
  };
}

function testScalar(value: unknown, test: (text: string) => boolean): boolean {
  const text = scalarText(value);
  return text !== undefined && test(text);
}

function allOf(parts: readonly Predicate[]): Predicate {
  const [first, second] = parts;
  if (first !== undefined && parts.length === 1) return first;
  if (first !== undefined && second !== undefined && parts.length === 2) {
    return (document) => first(document) && second(document);
  }
  return (document) => {
    for (let index = 0; index < parts.length; index += 1) if (parts[index]?.(document) === false) return false;
    return true;
  };
}

function anyOf(parts: readonly Predicate[]): Predicate {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  return (document) => {
    for (let index = 0; index < parts.length; index += 1) if (parts[index]?.(document) === true) return true;
    return false;
  };
}

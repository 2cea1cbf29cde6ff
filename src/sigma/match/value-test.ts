import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { CompareOp, FieldRefValue, TimePartValue, Value } from "../ast.ts";
import type { FieldValues } from "./field-values.ts";
import { inNetwork, parseAddress } from "./ip-address.ts";
import { matchesText, textPattern } from "./match-string.ts";
import { type EventScalar, foldCase, numberOf, textOf } from "./scalar.ts";
import { compileRegex } from "./sigma-regex.ts";
import { eventTime, timePartOf } from "./time-part.ts";

/** Whether what an event holds under a field satisfies a value; `read` finds other fields of the same event. */
export type FieldTest = (found: FieldValues, read: (field: string) => FieldValues) => boolean;

/** Whether one leaf satisfies a value. */
export type ScalarTest = (scalar: EventScalar) => boolean;

/**
 * Compiles one value of a field item. Throws `sigma_unmatchable` for what only a search engine can answer (query text,
 * unfilled placeholders, regexes without a linear-time search).
 */
export function compileFieldTest(value: Value): FieldTest {
  switch (value.kind) {
    case "null":
      return (found) => !found.filled;
    case "exists":
      return (found) => found.present === value.exists;
    case "fieldref":
      return fieldRefTest(value);
    case "expansion": {
      const tests = value.values.map(compileFieldTest);
      return (found, read) => tests.some((test) => test(found, read));
    }
    default: {
      const test = compileScalarTest(value);
      return (found) => found.scalars.some(test);
    }
  }
}

type PerScalar = Exclude<Value, { readonly kind: "null" | "exists" | "fieldref" | "expansion" }>;

/** Compiles a value that is compared leaf by leaf. */
function compileScalarTest(value: PerScalar): ScalarTest {
  switch (value.kind) {
    case "string": {
      const pattern = textPattern(value);
      return (scalar) => matchesText(pattern, textOf(scalar));
    }
    case "number":
      return (scalar) => numberOf(scalar) === value.value;
    case "boolean":
      return (scalar) =>
        scalar === value.value || (typeof scalar === "string" && foldCase(scalar) === String(value.value));
    case "regex": {
      const test = compileRegex(value);
      return (scalar) => test(textOf(scalar));
    }
    case "cidr":
      return (scalar) => {
        const address = typeof scalar === "string" ? parseAddress(scalar) : undefined;
        return address !== undefined && inNetwork(address, value);
      };
    case "compare":
      return (scalar) => compares(numberOf(scalar), value.op, value.value);
    case "timepart":
      return timePartTest(value);
    case "query":
      throw unmatchable("Text in a search engine's query language cannot be matched here.");
  }
}

/** Whether `left` exists and stands in the relation to `right`. */
function compares(left: number | undefined, op: CompareOp | "eq", right: number): boolean {
  if (left === undefined) return false;
  switch (op) {
    case "lt":
      return left < right;
    case "lte":
      return left <= right;
    case "gt":
      return left > right;
    case "gte":
      return left >= right;
    case "eq":
      return left === right;
  }
}

function timePartTest(value: TimePartValue): ScalarTest {
  return (scalar) => {
    const time = eventTime(scalar);
    return time !== undefined && compares(timePartOf(time, value.part), value.op, value.value);
  };
}

function fieldRefTest(value: FieldRefValue): FieldTest {
  const text = (scalar: EventScalar): string => (value.cased ? textOf(scalar) : foldCase(textOf(scalar)));
  return (found, read) => {
    const others = read(value.field).scalars.map(text);
    return found.scalars.some((scalar) => others.some((other) => relates(text(scalar), value.match, other)));
  };
}

function relates(text: string, match: FieldRefValue["match"], other: string): boolean {
  switch (match) {
    case "equals":
      return text === other;
    case "contains":
      return text.includes(other);
    case "startswith":
      return text.startsWith(other);
    case "endswith":
      return text.endsWith(other);
  }
}

/**
 * Compiles one value of a keyword item against a leaf of the event: text may stand anywhere in it, a number must be all of it. Throws
 * `sigma_unmatchable` for values that need a field.
 */
export function compileKeywordTest(value: Value): ScalarTest {
  switch (value.kind) {
    case "string": {
      const pattern = textPattern(value, true);
      return (scalar) => matchesText(pattern, textOf(scalar));
    }
    case "number":
    case "regex":
      return compileScalarTest(value);
    case "expansion": {
      const tests = value.values.map(compileKeywordTest);
      return (scalar) => tests.some((test) => test(scalar));
    }
    default:
      throw unmatchable(`A keyword cannot be a ${value.kind} value; it needs a field.`);
  }
}

function unmatchable(message: string): TagsmithError {
  return new TagsmithError("sigma_unmatchable", message, "exit");
}

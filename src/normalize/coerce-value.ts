import { isObject } from "./compile-path.ts";

/** The field is there, but holds something its role cannot use, such as an object where a string belongs. */
export const wrongType = Symbol("wrong type");
export type WrongType = typeof wrongType;

/** A string, number or boolean as a string; undefined for null, absent and everything else. */
export function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return undefined;
  }
}

/**
 * One value as a string: numbers and booleans are written out, of a list the first usable element counts. A blank
 * string and an empty list are absent; objects are the wrong type.
 */
export function asText(value: unknown): string | undefined | WrongType {
  if (typeof value === "string") return isBlank(value) ? undefined : value;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return firstText(value);
  return scalarText(value) ?? wrongType;
}

function firstText(values: readonly unknown[]): string | undefined | WrongType {
  let seen: undefined | WrongType;
  for (const element of values) {
    const text = scalarText(element);
    if (text !== undefined && !isBlank(text)) return text;
    if (typeof element === "object" && element !== null) seen = wrongType;
  }
  return seen;
}

/**
 * Text for L1 from one field: a string as it stands, or a list of scalars joined by one space. A number, boolean or
 * object is the wrong type: a command line is never one.
 */
export function asCommand(value: unknown): string | undefined | WrongType {
  if (typeof value === "string") return isBlank(value) ? undefined : value;
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? joinScalars(value) : wrongType;
}

/**
 * The normal form of arguments: joined by one space, no quoting. A single string is taken as already joined; null
 * elements are left out; an object among the elements is the wrong type.
 */
export function asJoined(value: unknown): string | undefined | WrongType {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return joinScalars(value);
  const text = scalarText(value);
  if (text === undefined) return wrongType;
  return isBlank(text) ? undefined : text;
}

function joinScalars(values: readonly unknown[]): string | undefined | WrongType {
  let joined = "";
  for (let index = 0; index < values.length; index += 1) {
    const element = values[index];
    if (element === null || element === undefined) continue;
    const text = scalarText(element);
    if (text === undefined) return wrongType;
    joined = joined === "" ? text : `${joined} ${text}`;
  }
  return isBlank(joined) ? undefined : joined;
}

/** True when nothing but white space is there. */
export function isBlank(text: string): boolean {
  return text.length === 0 || (text.charCodeAt(0) <= 32 && text.trim() === "");
}

/** What a condition's `type` tests. */
export type ValueType = "string" | "number" | "boolean" | "array" | "object";

/** The JSON type of a value; undefined for null and absent. */
export function valueType(value: unknown): ValueType | undefined {
  if (Array.isArray(value)) return "array";
  if (isObject(value)) return "object";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : undefined;
}

import type { Document } from "../../sdk/document.ts";
import { isObject } from "../compile-path.ts";

const maxDepth = 16;
const maxEntries = 10_000;

/**
 * A typed OTLP value (`{stringValue: "x"}`, `{kvlistValue: {values: […]}}`) as plain JSON; bytes, base64 in OTLP/JSON,
 * as text. Undefined for what is none, or nests too deep. Integers stay the strings they are, since they have 64 bits.
 */
export function plainOtelValue(value: unknown, depth = 0): unknown {
  if (!isObject(value) || depth > maxDepth) return undefined;
  const [entry] = Object.entries(value);
  const [kind, inner] = entry ?? [];
  switch (kind) {
    case "stringValue":
    case "string_value":
    case "intValue":
    case "int_value":
    case "boolValue":
    case "bool_value":
    case "doubleValue":
    case "double_value":
      return inner;
    case "bytesValue":
    case "bytes_value":
      return typeof inner === "string" ? Buffer.from(inner, "base64").toString("utf8") : undefined;
    case "arrayValue":
    case "array_value":
      return valuesOf(inner).map((one) => plainOtelValue(one, depth + 1) ?? null);
    case "kvlistValue":
    case "kvlist_value":
      return plainOtelAttributes(valuesOf(inner), depth + 1);
    default:
      return undefined;
  }
}

/** OTLP attributes, a list of `{key, value}`, as one object; the first of a key counts. */
export function plainOtelAttributes(list: unknown, depth = 0): Document {
  const named = new Map<string, unknown>();
  for (const entry of Array.isArray(list) ? list.slice(0, maxEntries) : []) {
    if (!isObject(entry) || typeof entry["key"] !== "string" || named.has(entry["key"])) continue;
    named.set(entry["key"], plainOtelValue(entry["value"], depth));
  }
  return Object.fromEntries(named);
}

function valuesOf(inner: unknown): readonly unknown[] {
  const values = isObject(inner) ? inner["values"] : undefined;
  return Array.isArray(values) ? values.slice(0, maxEntries) : [];
}

import type { Document } from "../../sdk/document.ts";
import { isObject } from "../compile-path.ts";
import { parseJson } from "../parse-json.ts";

const maxEntries = 1_000;

/**
 * A Tracee event whose arguments, a list of `{name, value}` or its JSON text under `args` or `data`, are one object under `args`; the
 * first of a name counts. Values may be typed as protobuf writes them (`{name, strArray: {value: […]}}`), and one that
 * is JSON text of a list is that list.
 */
export function convertTraceeArguments(document: Document): readonly Document[] | undefined {
  const given = document["args"] ?? document["data"];
  const list = typeof given === "string" ? parseJson(given) : given;
  if (!Array.isArray(list)) return undefined;
  const { data: _, ...rest } = document;
  const { timestamp } = document;
  const time = typeof timestamp === "string" && timestamp.includes("T") ? { timestamp: null, time: timestamp } : {};
  return [{ ...rest, ...time, args: nameEntries(list) }];
}

function nameEntries(list: readonly unknown[]): Document {
  const named = new Map<string, unknown>();
  for (const entry of list.slice(0, maxEntries)) {
    if (!isObject(entry) || typeof entry["name"] !== "string" || named.has(entry["name"])) continue;
    named.set(entry["name"], plainValue(entryValue(entry)));
  }
  return Object.fromEntries(named);
}

function entryValue(entry: Document): unknown {
  if (Object.hasOwn(entry, "value")) return entry["value"];
  return Object.entries(entry).find(([key]) => key !== "name" && key !== "type")?.[1];
}

function plainValue(value: unknown): unknown {
  if (isObject(value) && Array.isArray(value["value"])) return value["value"];
  if (typeof value !== "string" || !value.startsWith("[")) return value;
  const parsed = parseJson(value);
  return Array.isArray(parsed) ? parsed : value;
}

import { RE2JS } from "re2js";
import { isObject, splitPath } from "./compile-path.ts";

/** Something wrong in a mapping, and where. */
export interface Problem {
  readonly at: readonly PropertyKey[];
  readonly message: string;
}

/** Keys whose strings, also those of lists under them, are field paths. */
const pathKeys = new Set(
  "field join items object json fields key text prepend host user parent executable id".split(" "),
);
const regexKeys = new Set(["matches", "extract"]);

/** What the schema cannot say: that paths and regexes compile. */
export function checkNames(value: unknown, at: readonly PropertyKey[]): Problem[] {
  if (Array.isArray(value)) return value.flatMap((element, index) => checkNames(element, [...at, index]));
  if (isObject(value)) return Object.entries(value).flatMap(([key, inner]) => checkNames(inner, [...at, key]));
  const key = at.findLast((part) => typeof part === "string");
  if (typeof value !== "string" || typeof key !== "string") return [];
  if (regexKeys.has(key)) return attempt(() => RE2JS.compile(value), at);
  return pathKeys.has(key) || (at[0] === "facts" && at.length === 3) ? attempt(() => splitPath(value), at) : [];
}

function attempt(compile: () => unknown, at: readonly PropertyKey[]): Problem[] {
  try {
    compile();
    return [];
  } catch (cause) {
    return [{ at, message: cause instanceof Error ? firstLine(cause.message) : String(cause) }];
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}

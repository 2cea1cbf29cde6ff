import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "../sdk/document.ts";

/** Reads one field of a document: its value, or undefined where it is absent or null. */
export type FieldReader = (document: Document) => unknown;

/** More segments than any real field has; bounds the ways a dotted path can be split. */
const maxSegments = 8;

/** True for what can hold fields: an object that is no array. */
export function isObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Compiles a dotted path once. The reader finds the value however the document writes it: nested
 * (`{process: {args}}`), dotted (`{"process.args"}`) or mixed (`{process: {"parent.args"}}`), the nested form first.
 * Null counts as absent, so a later form may still answer. A list of one object on the way is that object. Only own
 * properties are read, so `constructor` and `__proto__` are fields like any other. Never throws on a document.
 *
 * Throws `mapping_invalid` on an empty path or segment, or more than 8 segments.
 */
export function compilePath(path: string): FieldReader {
  const segments = splitPath(path);
  const steps = segments.map((_, from) => compileStep(segments, from));
  const first = steps[0];
  return first === undefined ? () => undefined : (document) => first(document, steps);
}

/** The segments of a path; throws `mapping_invalid` on one that cannot be read. */
export function splitPath(path: string): string[] {
  const segments = path.split(".");
  if (segments.length > maxSegments || segments.includes("")) {
    throw new TagsmithError("mapping_invalid", `"${path}" is not a field path: 1 to 8 names joined by dots`, "exit");
  }
  return segments;
}

type Step = (holder: Document, steps: readonly Step[]) => unknown;

/** Reads the segments from `from` on in `holder`: the shortest key first, then keys that join several segments. */
function compileStep(segments: readonly string[], from: number): Step {
  const [first = "", ...joined] = segments
    .slice(from)
    .map((_, extra) => segments.slice(from, from + extra + 1).join("."));
  const isTop = from === 0;
  return (holder, steps) => {
    const found = readKey(holder, first, steps[from + 1], steps);
    if (found !== undefined || joined.length === 0 || (isTop && !hasDottedKey(holder))) return found;
    for (let index = 0; index < joined.length; index += 1) {
      const value = readKey(holder, joined[index] ?? "", steps[from + index + 2], steps);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/**
 * The value under a key, or what the rest of the path finds in it; null is absent. What no document can hold, a function
 * or the prototype of all objects, is inherited.
 */
function readKey(holder: Document, key: string, next: Step | undefined, steps: readonly Step[]): unknown {
  const value = holder[key];
  if (value === undefined || value === null || typeof value === "function" || value === Object.prototype)
    return undefined;
  if (next === undefined) return value;
  const inner = holderIn(value);
  return inner === undefined ? undefined : next(inner, steps);
}

/**
 * Whether a document has a dotted key at its top: most have none, and then no joined key needs to be looked for. Every
 * field of a document asks, one document after the other, so the last answer is kept.
 */
export const hasDottedKey = rememberLast((document: Document): boolean => {
  for (const key in document) if (key.includes(".")) return true;
  return false;
});

/** A function of an object that is not asked twice in a row for the same one. */
function rememberLast<T extends object>(compute: (value: T) => boolean): (value: T) => boolean {
  let last: T | undefined;
  let answer = false;
  return (value) => {
    if (value === last) return answer;
    answer = compute(value);
    last = value;
    return answer;
  };
}

/** What can hold fields: an object, or a list of exactly one. */
export function holderIn(value: unknown): Document | undefined {
  if (isObject(value)) return value;
  if (Array.isArray(value) && value.length === 1) {
    const only: unknown = value[0];
    return isObject(only) ? only : undefined;
  }
  return undefined;
}

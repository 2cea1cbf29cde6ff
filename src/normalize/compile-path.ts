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
  const last = segments.length - 1;
  const keys = segments.slice(from).map((_, extra) => compileKey(segments.slice(from, from + extra + 1).join(".")));
  return (holder, steps) => {
    for (let extra = 0; extra < keys.length; extra += 1) {
      const value = keys[extra]?.(holder);
      if (value === undefined || value === null) continue;
      if (from + extra === last) return value;
      const inner = holderIn(value);
      const found = inner === undefined ? undefined : steps[from + extra + 1]?.(inner, steps);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** A plain lookup where no prototype can answer, else one that looks at own properties only. */
function compileKey(key: string): (holder: Document) => unknown {
  if (key in Object.prototype) return (holder) => (Object.hasOwn(holder, key) ? holder[key] : undefined);
  return (holder) => holder[key];
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

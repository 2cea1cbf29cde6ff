import type { Document } from "../sdk/document.ts";
import { compilePath, hasDottedKey, holderIn, splitPath } from "./compile-path.ts";

/**
 * Whether a document has a field, or any field under it: `process` is there in `{process: {args}}` and in
 * `{"process.args"}` alike. Null is not there.
 */
export function compileExists(path: string): (document: Document) => boolean {
  const read = compilePath(path);
  const segments = splitPath(path);
  const steps = segments.map((_, from) => compileUnder(segments, from));
  return (document) => read(document) !== undefined || steps[0]?.(document, steps) === true;
}

type Step = (holder: Document, steps: readonly Step[]) => boolean;

/** Looks for a key that goes on after the remaining segments, here or in an object on the way. */
function compileUnder(segments: readonly string[], from: number): Step {
  const rest = segments.slice(from);
  const start = `${rest.join(".")}.`;
  const inner = rest.slice(1).map((_, extra) => rest.slice(0, extra + 1).join("."));
  return (holder, steps) => {
    const mayJoin = from > 0 || hasDottedKey(holder);
    if (mayJoin && hasKeyUnder(holder, start)) return true;
    const reach = mayJoin ? inner.length : Math.min(inner.length, 1);
    for (let index = 0; index < reach; index += 1) {
      const key = inner[index] ?? "";
      const next = Object.hasOwn(holder, key) ? holderIn(holder[key]) : undefined;
      if (next !== undefined && steps[from + index + 1]?.(next, steps) === true) return true;
    }
    return false;
  };
}

function hasKeyUnder(holder: Document, start: string): boolean {
  for (const key in holder) {
    if (key.length > start.length && key.startsWith(start) && (holder[key] ?? undefined) !== undefined) return true;
  }
  return false;
}

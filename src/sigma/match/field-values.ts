import type { Document } from "../../sdk/document.ts";
import { type EventScalar, isEventScalar, isObject, maxEventDepth } from "./scalar.ts";

/** What an event holds under a field name. */
export interface FieldValues {
  /** The key is there, whatever it holds. */
  readonly present: boolean;
  /** Something other than null and empty lists is there. */
  readonly filled: boolean;
  readonly scalars: readonly EventScalar[];
}

interface Collected {
  present: boolean;
  filled: boolean;
  readonly scalars: EventScalar[];
}

/** More segments than any real field has; a longer name is looked up as one key only. */
const maxSegments = 16;

/** The ways to write a field name as keys: `a.b` is `a` then `b`, or `a.b` at once. */
export function pathSegments(field: string): readonly string[] {
  const segments = field.split(".");
  return segments.length > maxSegments ? [field] : segments;
}

/**
 * Everything an event holds under a field: nested, dotted or mixed keys, through lists of objects, as one flat set, the way
 * search engines index it.
 */
export function fieldValues(event: Document, field: string): FieldValues {
  const found: Collected = { present: false, filled: false, scalars: [] };
  collectField(event, pathSegments(field), 0, 0, found);
  return found;
}

function collectField(
  holder: unknown,
  segments: readonly string[],
  from: number,
  depth: number,
  found: Collected,
): void {
  if (depth > maxEventDepth) return;
  if (Array.isArray(holder)) {
    for (const element of holder) collectField(element, segments, from, depth + 1, found);
    return;
  }
  if (!isObject(holder)) return;
  for (let to = from + 1; to <= segments.length; to += 1) {
    const key = segments.slice(from, to).join(".");
    if (!Object.hasOwn(holder, key)) continue;
    if (to < segments.length) collectField(holder[key], segments, to, depth + 1, found);
    else {
      found.present = true;
      collectLeaf(holder[key], depth + 1, found);
    }
  }
}

function collectLeaf(value: unknown, depth: number, found: Collected): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    if (depth <= maxEventDepth) for (const element of value) collectLeaf(element, depth + 1, found);
    return;
  }
  found.filled = true;
  if (isEventScalar(value)) found.scalars.push(value);
}

/** Every leaf of an event, keys aside; keywords are looked for in these. */
export function eventScalars(event: Document): readonly EventScalar[] {
  const scalars: EventScalar[] = [];
  collectScalars(event, 0, scalars);
  return scalars;
}

function collectScalars(value: unknown, depth: number, scalars: EventScalar[]): void {
  if (isEventScalar(value)) scalars.push(value);
  else if (typeof value === "object" && value !== null && depth <= maxEventDepth) {
    for (const element of Array.isArray(value) ? value : Object.values(value)) {
      collectScalars(element, depth + 1, scalars);
    }
  }
}

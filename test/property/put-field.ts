import { isObject } from "../../src/normalize/compile-path.ts";

/** Sets a field of a document: its first names nested as deep as `nestedTo`, the rest as one dotted key. */
export function putField(document: Record<string, unknown>, path: string, nestedTo: number, value: unknown): void {
  put(document, path.split("."), nestedTo, value);
}

function put(holder: Record<string, unknown>, segments: string[], nested: number, inner: unknown): void {
  const [first = "", ...rest] = segments;
  if (rest.length === 0 || nested === 0) {
    holder[segments.join(".")] = inner;
    return;
  }
  const existing = holder[first];
  const next: Record<string, unknown> = isObject(existing) ? { ...existing } : {};
  holder[first] = next;
  put(next, rest, nested - 1, inner);
}

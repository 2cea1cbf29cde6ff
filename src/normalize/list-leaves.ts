import type { Document } from "../sdk/document.ts";
import { scalarText } from "./coerce-value.ts";
import { isObject } from "./compile-path.ts";

/** A field of sample documents with what it held. */
export interface Leaf {
  readonly path: string;
  /** Documents that have it. */
  readonly count: number;
  /** The distinct values seen, as text; lists joined by one space. At most a few. */
  readonly values: readonly string[];
  /** It held a list in some document. */
  readonly isList: boolean;
}

const maxLeaves = 400;
const maxValues = 20;
/** As many names as a field path may have. */
const maxDepth = 8;

/** The fields of documents that hold scalars or lists of scalars, in the order they are met. */
export function listLeaves(documents: readonly Document[]): Leaf[] {
  const leaves = new Map<string, { count: number; values: Set<string>; isList: boolean }>();
  const visit = (path: string, value: unknown, depth: number): void => {
    if (isObject(value)) {
      if (depth >= maxDepth) return;
      for (const [key, inner] of Object.entries(value)) visit(path === "" ? key : `${path}.${key}`, inner, depth + 1);
      return;
    }
    const text = leafText(value);
    if (text === undefined || !isPath(path) || (leaves.size >= maxLeaves && !leaves.has(path))) return;
    const leaf = leaves.get(path) ?? { count: 0, values: new Set<string>(), isList: false };
    leaves.set(path, leaf);
    leaf.count += 1;
    leaf.isList ||= Array.isArray(value);
    if (leaf.values.size < maxValues) leaf.values.add(text);
  };
  for (const document of documents) visit("", document, 0);
  return [...leaves].map(([path, leaf]) => ({ path, ...leaf, values: [...leaf.values] }));
}

function leafText(value: unknown): string | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  const texts = value.map(scalarText);
  return texts.length > 0 && texts.every((text) => text !== undefined) ? texts.join(" ") : undefined;
}

function isPath(path: string): boolean {
  const segments = path.split(".");
  return segments.length <= maxDepth && !segments.includes("") && path.length <= 200;
}

import type { Document } from "../sdk/document.ts";
import { isObject } from "./compile-path.ts";

/** What a document that was cut down to some paths still shows, each with all that is under it. */
export interface PathCover {
  /** Whether all of a path is there, as in the whole document. */
  covers(path: string): boolean;
  /**
   * The path of a list on the way to what was kept: what lay beside it in the list is gone, so that a list of several may
   * look like a list of one. Undefined where there is none.
   */
  listOn(document: Document): string | undefined;
}

/** Compiles what was kept, once. */
export function compileCover(paths: readonly string[]): PathCover {
  const root: Node = { inner: new Map(), isKept: false };
  for (const path of paths) keep(root, path.split("."));
  return {
    covers: (path) => isCovered(root, path.split(".")),
    listOn: (document) => findList(root, document, ""),
  };
}

interface Node {
  readonly inner: Map<string, Node>;
  isKept: boolean;
}

function keep(root: Node, segments: readonly string[]): void {
  let node = root;
  for (const segment of segments) {
    const next = node.inner.get(segment) ?? { inner: new Map(), isKept: false };
    node.inner.set(segment, next);
    node = next;
  }
  node.isKept = true;
}

function isCovered(root: Node, segments: readonly string[]): boolean {
  let node: Node | undefined = root;
  for (const segment of segments) {
    node = node.inner.get(segment);
    if (node === undefined || node.isKept) break;
  }
  return node?.isKept === true;
}

/** Keys may hold several segments. */
function findList(node: Node, holder: Document, at: string): string | undefined {
  for (const key in holder) {
    const inner = descend(node, key);
    if (inner === undefined) continue;
    const path = at === "" ? key : `${at}.${key}`;
    const value = holder[key];
    if (Array.isArray(value) && value.length > 0) return path;
    const found = isObject(value) ? findList(inner, value, path) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a key leads to; undefined where all under it was kept, or nothing. */
function descend(node: Node, key: string): Node | undefined {
  if (!key.includes(".")) {
    const next = node.inner.get(key);
    return next?.isKept === true ? undefined : next;
  }
  let at: Node | undefined = node;
  for (const segment of key.split(".")) {
    at = at.inner.get(segment);
    if (at === undefined || at.isKept) return undefined;
  }
  return at;
}

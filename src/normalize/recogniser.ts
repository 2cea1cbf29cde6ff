import type { Document } from "../sdk/document.ts";
import { createKeyIndex, type KeySet } from "./key-index.ts";
import type { Mapping } from "./mapping-schema.ts";
import { compileContainers } from "./match-container.ts";
import { createValueTree, type ValueTree } from "./value-tree.ts";

/** Finds the mappings for a document without trying each. */
export interface Recogniser<T> {
  /** What may recognise a document of the container, best first. Each still has to test its conditions. */
  readonly candidates: (document: Document, container: string) => readonly T[];
  /** For a document that none of them took: mappings that are for its container, best first. */
  readonly forContainer: (container: string) => readonly T[];
}

interface Candidate {
  readonly mapping: Mapping;
}

const maxCached = 4096;
const maxViews = 64;

/**
 * Decides by the names of the top-level keys, then by the values of the fields most mappings ask for; both answers are
 * remembered, so the cost of a document does not grow with the number of mappings. The order is that of `inOrder`.
 */
export function createRecogniser<T extends Candidate>(mappings: readonly T[]): Recogniser<T> {
  const viewOf = cachedViews(mappings);
  return {
    candidates: (document, container) => viewOf(container).candidates(document),
    forContainer: (container) => viewOf(container).named,
  };
}

/**
 * The mappings that may read documents of a container, the best first: by precedence, then those that are for this
 * container, then by name.
 */
export function inOrder<T extends Candidate>(mappings: readonly T[], container: string): T[] {
  const isFor = new Set(mappings.filter((one) => isNamed(one, container)));
  return mappings
    .filter(({ mapping }) => mapping.within === undefined || compileContainers(mapping.within)(container))
    .sort((a, b) => {
      const byPrecedence = b.mapping.precedence - a.mapping.precedence;
      const byContainer = Number(isFor.has(b)) - Number(isFor.has(a));
      return byPrecedence || byContainer || (a.mapping.name < b.mapping.name ? -1 : 1);
    });
}

/** Whether a mapping says that it is for documents of this container. */
export function isNamed({ mapping }: Candidate, container: string): boolean {
  return mapping.containers !== undefined && compileContainers(mapping.containers)(container);
}

interface View<T> {
  readonly candidates: ValueTree<T>;
  readonly named: readonly T[];
}

/** Containers that the same mappings fit share a view: there are few of those, however many containers there are. */
function cachedViews<T extends Candidate>(mappings: readonly T[]): (container: string) => View<T> {
  const tests = mappings.flatMap(({ mapping }) =>
    [mapping.within, mapping.containers].flatMap((patterns) => (patterns ? [compileContainers(patterns)] : [])),
  );
  const views = new Map<string, View<T>>();
  const known = new Map<string, View<T>>();
  return (container) => {
    const cached = known.get(container);
    if (cached !== undefined) return cached;
    const signature = tests.map((fits) => (fits(container) ? "1" : "0")).join("");
    const view = views.get(signature) ?? createView(mappings, container);
    if (views.size < maxViews) views.set(signature, view);
    if (known.size >= maxCached) known.clear();
    known.set(container, view);
    return view;
  };
}

function createView<T extends Candidate>(mappings: readonly T[], container: string): View<T> {
  const ordered = inOrder(mappings, container);
  const index = createKeyIndex(ordered.map(({ mapping }) => mapping.recognise));
  const trees = new Map<number, Map<number, ValueTree<T>>>();
  let kept = 0;
  const treeOf = ({ low, high }: KeySet): ValueTree<T> => {
    const row = trees.get(high) ?? new Map<number, ValueTree<T>>();
    const tree = row.get(low);
    if (tree !== undefined) return tree;
    const possible = index.possible({ low, high }).flatMap((at) => ordered[at] ?? []);
    if (kept >= maxCached) return () => possible;
    const made = createValueTree(possible, ({ mapping }) => mapping.recognise, index.missing({ low, high }));
    trees.set(high, row.set(low, made));
    kept += 1;
    return made;
  };
  return {
    candidates: (document) => treeOf(index.keysOf(document))(document),
    named: ordered.filter((one) => isNamed(one, container)),
  };
}

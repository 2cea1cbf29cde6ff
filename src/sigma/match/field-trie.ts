import { pathSegments } from "./field-values.ts";

/** A place in an event that leads to fields rules ask for. */
export interface FieldNode {
  /** Index of the field that ends here, or -1. */
  field: number;
  readonly children: Map<string, FieldNode>;
}

/** Lays out all ways to write field names as keys, so that a walk over an event finds each with one lookup a key. */
export function buildFieldTrie(fields: ReadonlyMap<string, number>): FieldNode {
  const nodes = new Map<string, FieldNode>();
  const root = node(nodes, "");
  for (const [name, index] of fields) {
    const segments = pathSegments(name);
    for (let from = 0; from < segments.length; from += 1) {
      const holder = from === 0 ? root : node(nodes, prefix(segments, from));
      for (let to = from + 1; to <= segments.length; to += 1) {
        holder.children.set(segments.slice(from, to).join("."), node(nodes, prefix(segments, to)));
      }
    }
    node(nodes, prefix(segments, segments.length)).field = index;
  }
  return root;
}

/** The root has a key of its own, for a field may have an empty name. */
function prefix(segments: readonly string[], length: number): string {
  return `/${segments.slice(0, length).join(".")}`;
}

function node(nodes: Map<string, FieldNode>, key: string): FieldNode {
  const known = nodes.get(key);
  if (known !== undefined) return known;
  const made = { field: -1, children: new Map<string, FieldNode>() };
  nodes.set(key, made);
  return made;
}

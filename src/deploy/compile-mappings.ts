import type { FieldType } from "./load-streams.ts";

/** Field types that not every server has. */
export interface FieldTypes {
  readonly wildcard: boolean;
  readonly matchOnlyText: boolean;
  /** What holds texts by name without mapping the names. */
  readonly flat: FlatType | undefined;
}

/** Elasticsearch's, and OpenSearch's. */
export type FlatType = "flattened" | "flat_object";

/** Plain JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * The mapping of flat fields: `a.b` becomes `properties.a.properties.b`, `a.*` one field a tag. Nothing else is ever
 * mapped (`dynamic: false`), so no document can make the mapping grow. `meta` marks every index made from it.
 */
export function compileMappings(
  fields: Readonly<Record<string, FieldType>>,
  tags: readonly string[],
  types: FieldTypes,
  meta: JsonObject,
): JsonObject {
  const leaves = Object.entries(fields).flatMap(([name, type]): Leaf[] => {
    const body = fieldBody(type, types);
    if (!name.endsWith(".*")) return [{ path: name.split("."), body }];
    return tags.map((tag) => ({ path: [...name.slice(0, -2).split("."), tag], body }));
  });
  return { _meta: meta, dynamic: false, date_detection: false, properties: nest(leaves) };
}

interface Leaf {
  readonly path: readonly string[];
  readonly body: JsonObject;
}

function nest(leaves: readonly Leaf[]): JsonObject {
  const groups = Map.groupBy(leaves, ({ path }) => path[0] ?? "");
  const entries = [...groups].map(([name, group]): [string, JsonObject] => {
    const [first] = group;
    if (first !== undefined && group.length === 1 && first.path.length === 1) return [name, first.body];
    return [name, { properties: nest(group.map(({ path, body }) => ({ path: path.slice(1), body }))) }];
  });
  return Object.fromEntries(entries);
}

/** Longest value of a keyword that is searchable; longer ones stay in the document. */
const maxKeywordChars = 1024;
/** A term may have 32,766 bytes; a character takes up to four. */
const maxTermChars = 8191;

function fieldBody(type: FieldType, types: FieldTypes): JsonObject {
  const words = { type: types.matchOnlyText ? "match_only_text" : "text" };
  switch (type) {
    case "keyword":
      return { type: "keyword", ignore_above: maxKeywordChars };
    case "text":
      return words;
    case "command":
      return { type: types.wildcard ? "wildcard" : "keyword", ignore_above: maxTermChars, fields: { words } };
    case "flat":
      return flatBody(types.flat);
    case "date":
    case "float":
    case "long":
    case "integer":
    case "boolean":
      return { type };
  }
}

/** Where a server has no type for it, it is kept and not searchable. */
function flatBody(type: FlatType | undefined): JsonObject {
  switch (type) {
    case "flattened":
      return { type, ignore_above: maxTermChars };
    case "flat_object":
      return { type };
    case undefined:
      return { type: "object", enabled: false };
  }
}

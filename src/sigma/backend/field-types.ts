import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { Value } from "../ast.ts";
import { isObject } from "../match/scalar.ts";

/**
 * How an index holds a field. `lowercase` is a keyword with a normalizer that folds case; `text` is cut into words; `flattened` is
 * a name within an object that is one field: whole texts and their beginnings can be asked for.
 */
export type FieldType = "keyword" | "lowercase" | "text" | "number" | "boolean" | "ip" | "date" | "flattened";

/** What is known of an index. */
export interface FieldTypes {
  /** For fields not named here, when they are compared with text. */
  readonly fallback: FieldType;
  readonly fields: ReadonlyMap<string, FieldType>;
  /** Objects that are one field each, their names included; none when left out. */
  readonly flat?: readonly string[];
}

/** Nothing known: keywords, as ECS has them, and for other values the type the value asks for. */
export const unknownFields: FieldTypes = { fallback: "keyword", fields: new Map() };

/** The type of a field: what is known, else what the value it is compared with suggests. */
export function typeFor(field: string, value: Value, types: FieldTypes): FieldType {
  const known = types.fields.get(field);
  if (known !== undefined) return known;
  if (types.flat?.some((object) => field.startsWith(`${object}.`)) === true) return "flattened";
  switch (value.kind) {
    case "number":
    case "compare":
      return "number";
    case "boolean":
      return "boolean";
    case "cidr":
      return "ip";
    case "timepart":
      return "date";
    default:
      return types.fallback;
  }
}

const maxDepth = 20;

/**
 * Reads the fields of an index mapping as Elasticsearch and OpenSearch give it: `properties`, or the answer of `GET index/_mapping`.
 * A text field with a keyword below it is read as text; name the keyword in the rule's pipeline. Throws `sigma_mapping_invalid`.
 */
export function fieldTypesOf(mapping: unknown): FieldTypes {
  const fields = new Map<string, FieldType>();
  const roots = isObject(mapping) ? mappingRoots(mapping) : [];
  if (roots.length === 0) {
    throw new TagsmithError("sigma_mapping_invalid", "An index mapping has properties; this has none.", "exit");
  }
  const flat = new Set<string>();
  for (const root of roots) collect(root["properties"], "", fields, flat, 0);
  return { fallback: "keyword", fields, flat: [...flat] };
}

function mappingRoots(mapping: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  if (isObject(mapping["properties"])) return [mapping];
  const inner = Object.values(mapping).flatMap((index) => (isObject(index) ? [index["mappings"] ?? index] : []));
  return inner.filter(isObject).filter((root) => isObject(root["properties"]));
}

function collect(
  properties: unknown,
  prefix: string,
  fields: Map<string, FieldType>,
  flat: Set<string>,
  depth: number,
): void {
  if (!isObject(properties) || depth > maxDepth) return;
  for (const [name, field] of Object.entries(properties)) {
    if (!isObject(field)) continue;
    const path = prefix + name;
    const type = readType(field);
    if (type !== undefined) fields.set(path, type);
    if (field["type"] === "flattened" || field["type"] === "flat_object") flat.add(path);
    collect(field["properties"], `${path}.`, fields, flat, depth + 1);
    collect(field["fields"], `${path}.`, fields, flat, depth + 1);
  }
}

function readType(field: Readonly<Record<string, unknown>>): FieldType | undefined {
  switch (field["type"]) {
    case "keyword":
    case "constant_keyword":
    case "flattened":
    case "flat_object":
      return field["normalizer"] === "lowercase" ? "lowercase" : "keyword";
    case "wildcard":
      return "keyword";
    case "text":
    case "match_only_text":
    case "search_as_you_type":
      return "text";
    case "long":
    case "integer":
    case "short":
    case "byte":
    case "double":
    case "float":
    case "half_float":
    case "scaled_float":
    case "unsigned_long":
      return "number";
    case "boolean":
    case "ip":
    case "date":
      return field["type"];
    case "date_nanos":
      return "date";
    default:
      return undefined;
  }
}

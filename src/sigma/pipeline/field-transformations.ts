import type { SimpleItem } from "./pipeline-schema.ts";
import { type Renaming, renameFields } from "./rename-fields.ts";
import { snakeCase } from "./snake-case.ts";
import type { Setting, Transformation } from "./transformation.ts";

type FieldTable = Readonly<Record<string, string | readonly string[]>>;

/** `field_name_mapping`: a table of names; the empty name (or null) stands for keywords. */
export function mapFieldNames(
  item: SimpleItem & { readonly type: "field_name_mapping" },
  setting: Setting,
): Transformation {
  return renameFields(fromTable(item.mapping), setting);
}

function fromTable(mapping: FieldTable): Renaming {
  const table = new Map(Object.entries(mapping).map(([name, targets]) => [name, [targets].flat()]));
  return (name) => table.get(name);
}

/** `field_name_prefix_mapping`: the first prefix that fits is exchanged. */
export function mapFieldPrefixes(
  item: SimpleItem & { readonly type: "field_name_prefix_mapping" },
  setting: Setting,
): Transformation {
  const table = Object.entries(item.mapping).map(([prefix, targets]) => [prefix, [targets].flat()] as const);
  return renameFields((name) => {
    const [prefix, targets] = table.find(([start]) => name !== "" && name.startsWith(start)) ?? [];
    return prefix === undefined ? undefined : targets?.map((target) => target + name.slice(prefix.length));
  }, setting);
}

/** `field_name_transform`: names by a function, those in the mapping by the mapping. */
export function transformFieldNames(
  item: SimpleItem & { readonly type: "field_name_transform" },
  setting: Setting,
): Transformation {
  const table = fromTable(item.mapping);
  const change = nameFunctions[item.transform_func];
  return renameFields((name) => {
    if (name === "" && !item.apply_keyword) return undefined;
    return table(name) ?? (name === "" ? undefined : [change(name)]);
  }, setting);
}

const nameFunctions = {
  lower: (name: string): string => name.toLowerCase(),
  upper: (name: string): string => name.toUpperCase(),
  snake_case: snakeCase,
  camel_case: (name: string): string => name.replace(/_+([a-z0-9])/gi, (_all, letter: string) => letter.toUpperCase()),
} as const;

/** `field_name_prefix` and `field_name_suffix`: something before or behind every name. */
export function wrapFieldNames(prefix: string, suffix: string, setting: Setting): Transformation {
  return renameFields((name) => (name === "" ? undefined : [prefix + name + suffix]), setting);
}

/** `add_field`, `remove_field` and `set_field`: changes the field list of a rule. */
export function changeFieldList(change: (fields: readonly string[]) => readonly string[]): Transformation {
  return (subject) => ({ ...subject, metadata: { ...subject.metadata, fields: change(subject.metadata.fields) } });
}

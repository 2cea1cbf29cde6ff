import {
  changeFieldList,
  mapFieldNames,
  mapFieldPrefixes,
  transformFieldNames,
  wrapFieldNames,
} from "./field-transformations.ts";
import { fillFromOutside, fillWithQuery, fillWithVars, fillWithWildcards } from "./fill-placeholders.ts";
import { dropItems, extractFields, refuseItems, splitHashes } from "./item-transformations.ts";
import type { SimpleItem } from "./pipeline-schema.ts";
import {
  addCondition,
  changeLogsource,
  refuseRule,
  refuseUnmapped,
  setCustomAttribute,
  setState,
} from "./rule-transformations.ts";
import type { Setting, Transformation } from "./transformation.ts";
import {
  changeCase,
  convertTypes,
  mapWholeStrings,
  replaceStrings,
  setValues,
  stringsToRegex,
} from "./value-transformations.ts";

/** Compiles a transformation. Throws GroupFault or TransformationFault for settings that mean nothing. */
export function compileTransformation(item: SimpleItem, setting: Setting): Transformation {
  switch (item.type) {
    case "field_name_mapping":
      return mapFieldNames(item, setting);
    case "field_name_prefix_mapping":
      return mapFieldPrefixes(item, setting);
    case "field_name_transform":
      return transformFieldNames(item, setting);
    case "field_name_prefix":
      return wrapFieldNames(item.prefix, "", setting);
    case "field_name_suffix":
      return wrapFieldNames("", item.suffix, setting);
    case "add_field":
      return changeFieldList((fields) => [...fields, ...[item.field].flat()]);
    case "remove_field":
      return changeFieldList((fields) => fields.filter((field) => ![item.field].flat().includes(field)));
    case "set_field":
      return changeFieldList(() => item.fields);
    case "drop_detection_item":
      return dropItems(setting);
    case "detection_item_failure":
      return refuseItems(item.message, setting);
    case "hashes_fields":
      return splitHashes(item, setting);
    case "extract_fields":
      return extractFields(item, setting);
    default:
      return compileOther(item, setting);
  }
}

type FieldOrItemType = Extract<
  SimpleItem["type"],
  | `field_name_${string}`
  | `${string}_field`
  | "drop_detection_item"
  | "detection_item_failure"
  | "hashes_fields"
  | "extract_fields"
>;

function compileOther(item: Exclude<SimpleItem, { readonly type: FieldOrItemType }>, setting: Setting): Transformation {
  switch (item.type) {
    case "replace_string":
      return replaceStrings(item, setting);
    case "map_string":
      return mapWholeStrings(item, setting);
    case "regex":
      return stringsToRegex(item, setting);
    case "set_value":
      return setValues(item, setting);
    case "convert_type":
      return convertTypes(item, setting);
    case "case":
      return changeCase(item, setting);
    case "wildcard_placeholders":
      return fillWithWildcards(item, setting);
    case "value_placeholders":
      return fillWithVars(item, setting);
    case "query_expression_placeholders":
      return fillWithQuery(item, setting);
    case "file_placeholders":
    case "http_placeholders":
    case "command_placeholders":
      return fillFromOutside(item, setting);
    case "add_condition":
      return addCondition(item, setting);
    case "change_logsource":
      return changeLogsource(item);
    case "set_state":
      return setState(item);
    case "set_custom_attribute":
      return setCustomAttribute(item);
    case "rule_failure":
      return refuseRule(item.message);
    case "strict_field_mapping_failure":
      return refuseUnmapped();
  }
}

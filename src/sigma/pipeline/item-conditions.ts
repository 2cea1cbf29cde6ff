import type { Item, Value } from "../ast.ts";
import { writePattern } from "../parse/string-pattern.ts";
import { testState } from "./compare-state.ts";
import type { DetectionItemCondition, FieldCondition } from "./condition-schema.ts";
import { compilePattern } from "./pattern.ts";
import type { PipelineRun } from "./pipeline-run.ts";
import { equalsPlain } from "./rule-conditions.ts";

/** What a condition about an item is asked. */
export interface ItemAsk {
  readonly item: Item;
  readonly run: PipelineRun;
}

/** Compiles a condition about the values of an item. */
export function compileItemCondition(condition: DetectionItemCondition): (ask: ItemAsk) => boolean {
  switch (condition.type) {
    case "match_string": {
      const pattern = compilePattern(condition.pattern);
      const test = (value: Value): boolean =>
        (value.kind === "string" && pattern.matchesStart(writeUnescaped(value))) !== condition.negate;
      return onValues(condition.cond, test);
    }
    case "match_value":
      return onValues(condition.cond, (value) => equalsPlain(value, condition.value));
    case "contains_wildcard":
      return onValues(
        condition.cond,
        (value) =>
          value.kind === "string" &&
          value.parts.some((part) => typeof part === "object" && part.kind !== "placeholder"),
      );
    case "is_null":
      return onValues(condition.cond, (value) => value.kind === "null");
    case "processing_item_applied":
      return ({ item }) => item.applied?.includes(condition.processing_item_id) ?? false;
    case "processing_state":
      return ({ run }) => testState(condition, run);
  }
}

/** The text of a string with its wildcards; literal `*` and `?` are escaped, backslashes are not. */
export function writeUnescaped(value: Value & { readonly kind: "string" }): string {
  return value.parts
    .map((part) => (typeof part === "string" ? part.replace(/[*?]/g, "\\$&") : writePattern([part])))
    .join("");
}

function onValues(cond: "any" | "all", test: (value: Value) => boolean): (ask: ItemAsk) => boolean {
  return cond === "any" ? ({ item }) => item.values.some(test) : ({ item }) => item.values.every(test);
}

/** What a condition about field names is asked: an item, or a name on its own. */
export type FieldAsk = ({ readonly item: Item } | { readonly name: string | undefined }) & {
  readonly run: PipelineRun;
};

/** Compiles a condition about field names. Of an item, its field and the fields its values refer to count. */
export function compileFieldCondition(condition: FieldCondition): (ask: FieldAsk) => boolean {
  switch (condition.type) {
    case "include_fields":
    case "exclude_fields": {
      const listed = compileList(condition.fields, condition.mode);
      const wanted = condition.type === "include_fields";
      const test = (name: string | undefined): boolean => (name !== undefined && listed(name)) === wanted;
      return (ask) => ("item" in ask ? namesOf(ask.item).some(test) : test(ask.name));
    }
    case "processing_item_applied":
      return (ask) =>
        "item" in ask
          ? (ask.item.applied?.includes(condition.processing_item_id) ?? false)
          : (ask.run.renamed.get(ask.name ?? "")?.has(condition.processing_item_id) ?? false);
    case "processing_state":
      return ({ run }) => testState(condition, run);
  }
}

function compileList(fields: readonly string[], mode: "plain" | "re"): (name: string) => boolean {
  if (mode === "plain") {
    const names = new Set(fields);
    return (name) => names.has(name);
  }
  const patterns = fields.map(compilePattern);
  return (name) => patterns.some((pattern) => pattern.matchesStart(name));
}

function namesOf(item: Item): (string | undefined)[] {
  const own = item.kind === "field" ? item.field : undefined;
  return [own, ...item.values.flatMap((value) => (value.kind === "fieldref" ? [value.field] : []))];
}

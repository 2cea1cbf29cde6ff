import type { Item, StringValue, Value } from "../ast.ts";
import { mapItems } from "./map-items.ts";
import type { PipelineRun } from "./pipeline-run.ts";
import type { Setting, Transformation } from "./transformation.ts";

/** New values for a value; undefined leaves it as it is. */
export type ValueChange = (value: Value, run: PipelineRun) => Value | readonly Value[] | undefined;

/**
 * Changes the values of items, also those that modifiers expanded. Where one value becomes several, any of them suffices,
 * also in an item that asks for all of its values.
 */
export function mapValues(change: ValueChange, { id, guard }: Setting): Transformation {
  return (subject, run) => {
    if (subject.kind === "correlation") return subject;
    return mapItems(subject, id, (item) => (guard.item(item, run) ? changeItem(item, change, run) : "keep"));
  };
}

function changeItem(item: Item, change: ValueChange, run: PipelineRun): Item | "keep" {
  let changed = false;
  const values = item.values.flatMap((value): readonly Value[] => {
    const replaced = changeValue(value, change, run);
    if (replaced === undefined) return [value];
    changed = true;
    const list = [replaced].flat();
    return list.length > 1 && item.linking === "all" ? [{ kind: "expansion", values: list }] : list;
  });
  if (!changed) return "keep";
  return { ...item, values: values.length === 0 ? [{ kind: "null" }] : values };
}

function changeValue(value: Value, change: ValueChange, run: PipelineRun): Value | readonly Value[] | undefined {
  if (value.kind !== "expansion") return change(value, run);
  let changed = false;
  const values = value.values.flatMap((member): readonly Value[] => {
    const replaced = changeValue(member, change, run);
    if (replaced !== undefined) changed = true;
    return replaced === undefined ? [member] : [replaced].flat();
  });
  return changed ? { ...value, values } : undefined;
}

/** Changes strings only. */
export function mapStrings(
  change: (value: StringValue) => Value | readonly Value[] | undefined,
  setting: Setting,
): Transformation {
  return mapValues((value) => (value.kind === "string" ? change(value) : undefined), setting);
}

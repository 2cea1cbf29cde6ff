import type { Condition, Detection, Detections, Item } from "../ast.ts";
import { at, type Place, type Report, refuse, shown, warn } from "../problem.ts";
import { parseCondition } from "./parse-condition.ts";
import { type ItemContext, parseItem } from "./parse-item.ts";
import { isList, isMap, type YamlMap, type YamlValue } from "./yaml-value.ts";

/** Reads the selections and conditions of a `detection` or `filter` section; keys in `others` name no selection. */
export function parseDetections(
  section: YamlMap,
  others: readonly string[],
  place: Place,
  report: Report,
): { readonly detections: Detections; readonly conditions: readonly Condition[] } | undefined {
  const context: ItemContext = { report, values: 0 };
  const detections = new Map<string, Detection>();
  const names = new Set<string>();
  for (const [name, value] of section) {
    if (name === "condition" || name === "timeframe" || others.includes(name)) continue;
    names.add(name);
    const detection = parseDetection(value, at(place, name), context);
    if (detection !== undefined) detections.set(name, detection);
  }
  if (section.has("timeframe")) {
    const hint = "Write a correlation with a timespan.";
    warn(report, at(place, "timeframe"), "timeframe_ignored", "timeframe has no effect in a rule.", hint);
  }
  if (names.size === 0) {
    const hint = "Write one, e.g. selection: {field: value}.";
    return refuse(report, place, "selection_missing", "There is no selection.", hint);
  }
  // The condition is read even when a selection is refused, so that all errors are seen at once.
  const conditions = parseConditions(section.get("condition"), names, place, report);
  return conditions === undefined || detections.size < names.size ? undefined : { detections, conditions };
}

function parseConditions(
  written: YamlValue | undefined,
  names: ReadonlySet<string>,
  place: Place,
  report: Report,
): Condition[] | undefined {
  const texts = isList(written) ? written : [written];
  if (written === undefined || written === null || texts.length === 0) {
    const hint = "Write condition: and the names of selections, e.g. condition: selection.";
    return refuse(report, place, "condition_missing", "There is no condition.", hint);
  }
  const conditions: Condition[] = [];
  for (const [index, text] of texts.entries()) {
    const here = isList(written) ? at(at(place, "condition"), index) : at(place, "condition");
    if (typeof text !== "string")
      return refuse(report, here, "condition_type", `A condition is a text, not ${shown(text)}.`, "Put it in quotes.");
    const condition = parseCondition(text, names, here, report);
    if (condition === undefined) return undefined;
    conditions.push(condition);
  }
  return conditions;
}

/** Reads one selection: a map of items (all), a list of maps (any), or keywords. */
function parseDetection(value: YamlValue, place: Place, context: ItemContext): Detection | undefined {
  if (isMap(value)) return fromMap(value, place, context);
  if (!isList(value)) return fromKeywords(value, place, context);
  if (value.length > 0 && !value.some((member) => isMap(member) || isList(member)))
    return fromKeywords(value, place, context);
  const members = value.map((member, index) => parseDetection(member, at(place, index), context));
  return assemble("any", members, place, context.report);
}

function fromMap(map: YamlMap, place: Place, context: ItemContext): Detection | undefined {
  const members: (Item | undefined)[] = [];
  for (const [key, value] of map) members.push(parseItem(key, value, at(place, key), context));
  return assemble("all", members, place, context.report);
}

function fromKeywords(value: YamlValue, place: Place, context: ItemContext): Detection | undefined {
  if (value === null) return assemble("all", [], place, context.report);
  return assemble("all", [parseItem("", value, place, context)], place, context.report);
}

function assemble(
  linking: Detection["linking"],
  members: readonly (Detection | Item | undefined)[],
  place: Place,
  report: Report,
): Detection | undefined {
  if (members.length === 0)
    return refuse(report, place, "selection_empty", "The selection is empty.", "Write at least one field or keyword.");
  const read = members.filter((member) => member !== undefined);
  return read.length === members.length ? { kind: "detection", linking, members: read } : undefined;
}

/** Reads one selection on its own, as pipelines add them. */
export function parseSelection(value: YamlMap, report: Report): Detection | undefined {
  return parseDetection(value, at(undefined, "conditions"), { report, values: 0 });
}

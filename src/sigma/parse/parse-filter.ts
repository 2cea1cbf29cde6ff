import type { Filter } from "../ast.ts";
import { at, type Place, type Report, refuse, shown } from "../problem.ts";
import { parseDetections } from "./parse-detection.ts";
import { parseLogsource } from "./parse-logsource.ts";
import { parseMetadata } from "./parse-metadata.ts";
import { isList, isMap, type YamlMap, type YamlValue } from "./yaml-value.ts";

/** Reads a filter: a condition that the rules it names must meet besides their own. */
export function parseFilter(document: YamlMap, report: Report): Filter | undefined {
  const metadata = parseMetadata(document, report);
  const logsource = parseLogsource(document, report);
  const section = document.get("filter");
  const place = at(undefined, "filter");
  if (!isMap(section)) {
    const hint = "Write filter: with rules, selections and a condition.";
    return refuse(report, place, "filter_missing", `filter must be a map, not ${shown(section)}.`, hint);
  }
  const rules = parseReferences(section.get("rules"), at(place, "rules"), report);
  const parsed = parseDetections(section, ["rules"], place, report);
  const [condition, another] = parsed?.conditions ?? [];
  if (another !== undefined) {
    const hint = "Join them with or.";
    return refuse(report, at(place, "condition"), "condition_type", "A filter has one condition.", hint);
  }
  if (logsource === undefined || rules === undefined || parsed === undefined || condition === undefined)
    return undefined;
  return { kind: "filter", metadata, logsource, rules, detections: parsed.detections, condition };
}

function parseReferences(value: YamlValue | undefined, place: Place, report: Report): Filter["rules"] | undefined {
  if (typeof value === "string") return value.toLowerCase() === "any" ? "any" : [value];
  if (isList(value)) {
    const references = value.filter((reference) => typeof reference === "string");
    if (references.length === value.length && references.length > 0) return references;
  }
  const hint = "Write any, or a list of rule ids or names.";
  return refuse(report, place, "filter_rules", `The rules of a filter cannot be ${shown(value)}.`, hint);
}

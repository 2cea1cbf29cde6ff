import type { Rule } from "../ast.ts";
import { at, type Report, refuse, shown } from "../problem.ts";
import { parseDetections } from "./parse-detection.ts";
import { parseLogsource } from "./parse-logsource.ts";
import { parseMetadata } from "./parse-metadata.ts";
import { isMap, type YamlMap } from "./yaml-value.ts";

/** Reads a detection rule; undefined when the report has errors that leave no rule. */
export function parseRule(document: YamlMap, report: Report): Rule | undefined {
  const metadata = parseMetadata(document, report);
  const logsource = parseLogsource(document, report);
  const section = document.get("detection");
  if (!isMap(section)) {
    const hint = "Write detection: with selections and a condition.";
    const message =
      section === undefined ? "There is no detection." : `detection must be a map, not ${shown(section)}.`;
    return refuse(report, at(undefined, "detection"), "detection_missing", message, hint);
  }
  const parsed = parseDetections(section, [], at(undefined, "detection"), report);
  return logsource && parsed && { kind: "rule", metadata, logsource, ...parsed };
}

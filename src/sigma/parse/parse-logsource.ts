import type { Logsource } from "../ast.ts";
import { at, type Report, refuse, shown } from "../problem.ts";
import { isMap, toPlain, type YamlMap } from "./yaml-value.ts";

/** Reads the log source; it must name a category, a product or a service. */
export function parseLogsource(document: YamlMap, report: Report): Logsource | undefined {
  const section = document.get("logsource");
  const hint = "Write logsource: with category, product or service, e.g. {category: process_creation, product: linux}.";
  if (!isMap(section)) {
    const message =
      section === undefined ? "There is no logsource." : `logsource must be a map, not ${shown(section)}.`;
    return refuse(report, at(undefined, "logsource"), "logsource_missing", message, hint);
  }
  const read = new Map<string, string>();
  const custom = new Map<string, unknown>();
  for (const [key, value] of section) {
    if (value === null) continue;
    if (!named.has(key)) custom.set(key, toPlain(value));
    else if (typeof value === "string") read.set(key, value);
    else {
      const place = at(at(undefined, "logsource"), key);
      return refuse(
        report,
        place,
        "logsource_invalid",
        `${key} must be a text, not ${shown(value)}.`,
        "Put it in quotes.",
      );
    }
  }
  if (!["category", "product", "service"].some((key) => read.has(key)))
    return refuse(report, at(undefined, "logsource"), "logsource_missing", "The logsource is empty.", hint);
  const logsource: Logsource = Object.fromEntries(read);
  return custom.size === 0 ? logsource : { ...logsource, custom: Object.fromEntries(custom) };
}

const named: ReadonlySet<string> = new Set(["category", "product", "service", "definition"]);

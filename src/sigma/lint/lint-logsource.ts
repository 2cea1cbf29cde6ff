import type { Rule } from "../ast.ts";
import { itemsOf } from "./items-of.ts";
import type { LintFinding } from "./lint-document.ts";
import { found, info, warning } from "./notes.ts";

const checks = {
  custom: warning("logsource_unknown_key", "A log source has category, product, service and definition."),
  upper: info("logsource_upper_case", "Log sources are written in lower case."),
  generic: info("logsource_too_specific", "Name the generic category, so that other products are covered too."),
  noEventId: warning("logsource_sysmon_without_event_id", "Add EventID: Sysmon writes many kinds of events."),
  redundantEventId: info("event_id_redundant", "Leave EventID out: the category says it."),
};

/** Sysmon events that have a category of their own. */
const sysmonCategories: ReadonlyMap<number, string> = new Map([
  [1, "process_creation"],
  [2, "file_change"],
  [3, "network_connection"],
  [4, "sysmon_status"],
  [5, "process_termination"],
  [6, "driver_load"],
  [7, "image_load"],
  [8, "create_remote_thread"],
  [9, "raw_access_thread"],
  [10, "process_access"],
  [11, "file_event"],
  [15, "create_stream_hash"],
  [16, "sysmon_status"],
  [17, "pipe_created"],
  [18, "pipe_created"],
  [22, "dns_query"],
  [23, "file_delete"],
  [26, "file_delete"],
]);

/** Log sources that say too much, too little or something unknown. */
export function lintLogsource(rule: Rule): LintFinding[] {
  const { category, product, service, custom } = rule.logsource;
  const path = ["logsource"];
  const upper = [category, product, service].some((name) => name !== undefined && name !== name.toLowerCase());
  return [
    ...Object.keys(custom ?? {}).flatMap((key) =>
      found(true, checks.custom, `A log source has no ${key}.`, ["logsource", key]),
    ),
    ...found(upper, checks.upper, "The log source has capital letters.", path),
    ...(product === "windows" && service === "sysmon" ? lintSysmon(rule) : []),
    ...(product === "windows" && category !== undefined ? lintRedundantEventId(rule, category) : []),
  ];
}

function eventIds(rule: Rule): { readonly ids: readonly number[]; readonly path: readonly (string | number)[] }[] {
  return itemsOf(rule, "detection").flatMap(({ item, path }) => {
    if (item.kind !== "field" || item.field !== "EventID") return [];
    return [{ ids: item.written.filter((value) => typeof value === "number"), path }];
  });
}

function lintSysmon(rule: Rule): LintFinding[] {
  const events = eventIds(rule);
  if (events.length === 0) return found(true, checks.noEventId, "The rule reads every event of Sysmon.", ["logsource"]);
  const categories = new Set(events.flatMap(({ ids }) => ids).map((id) => sysmonCategories.get(id)));
  const [only] = categories;
  const message = `Its events are those of the category ${only}.`;
  return found(categories.size === 1 && only !== undefined, checks.generic, message, ["logsource"]);
}

function lintRedundantEventId(rule: Rule, category: string): LintFinding[] {
  return eventIds(rule).flatMap(({ ids, path }) => {
    const says = ids.length > 0 && ids.every((id) => sysmonCategories.get(id) === category);
    return found(says, checks.redundantEventId, `EventID is what ${category} means.`, path);
  });
}

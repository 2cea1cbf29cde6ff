import type { Subject } from "./pipeline-run.ts";

/** A rule as templates see it: maps, lists and plain values, nothing else can be reached from them. */
export function ruleView(subject: Subject): ReadonlyMap<string, unknown> {
  const { custom, related, ...metadata } = subject.metadata;
  const view = new Map<string, unknown>(Object.entries(metadata));
  for (const key of ["id", "name", "status", "level", "description", "license", "author", "date", "modified"])
    if (!view.has(key)) view.set(key, null);
  view.set(
    "related",
    related.map((one) => new Map(Object.entries(one))),
  );
  view.set("custom_attributes", toView(custom));
  if (subject.kind === "rule") {
    const { category = null, product = null, service = null, definition = null } = subject.logsource;
    view.set("logsource", new Map(Object.entries({ category, product, service, definition })));
  } else {
    view.set("type", subject.measure.type);
    view.set("group_by", subject.groupBy);
    view.set("timespan", new Map(Object.entries(subject.timespan)));
    view.set("rules", subject.rules);
  }
  return view;
}

function toView(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toView);
  if (value === null || typeof value !== "object") return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, toView(member)]));
}

import type { Document } from "../../sdk/document.ts";
import type { Correlation } from "../ast.ts";
import { fieldValues } from "../match/field-values.ts";
import { type EventScalar, numberOf, textOf } from "../match/scalar.ts";
import type { Referable } from "./resolve-references.ts";
import type { ContributingEvent, WindowEntry } from "./window-entry.ts";

/** Something that correlations count: an event that rules matched, or the firing of an inner correlation. */
export interface Occurrence {
  readonly time: number;
  readonly event: Document;
  readonly matched: ReadonlySet<Referable>;
  readonly events: readonly ContributingEvent[];
}

/** A window entry and the group it belongs to. */
export interface GroupedEntry {
  readonly key: string;
  readonly entry: WindowEntry;
}

/** An event with lists in its group-by fields belongs to several groups; more than these are left out. */
const maxGroupsAnEvent = 64;

/**
 * The entries an occurrence makes for a correlation: one a group. None where it satisfies no reference, lacks a group-by field, or
 * lacks what is measured.
 */
export function entriesOf(
  occurrence: Occurrence,
  correlation: Correlation,
  targets: readonly Referable[],
): readonly GroupedEntry[] {
  const grouped = new Map<string, number[]>();
  for (const [rule, target] of targets.entries()) {
    if (!occurrence.matched.has(target)) continue;
    for (const key of groupKeys(occurrence.event, correlation, correlation.rules[rule] ?? "")) {
      const rules = grouped.get(key);
      if (rules === undefined) grouped.set(key, [rule]);
      else rules.push(rule);
    }
  }
  return [...grouped].flatMap(([key, rules]) => {
    const values = valuesOf(occurrence.event, correlation, correlation.rules[rules[0] ?? 0] ?? "");
    if (values === undefined) return [];
    return [{ key, entry: { time: occurrence.time, rules, values, events: occurrence.events } }];
  });
}

function groupKeys(event: Document, correlation: Correlation, reference: string): readonly string[] {
  let combinations: string[][] = [[]];
  for (const field of correlation.groupBy) {
    const texts = new Set(read(event, field, correlation, reference).map(textOf));
    combinations = combinations
      .flatMap((start) => [...texts].map((text) => [...start, text]))
      .slice(0, maxGroupsAnEvent);
  }
  return combinations.map((combination) => JSON.stringify(combination));
}

/** The group-by fields and their values, from a group's key. */
export function groupOf(key: string, correlation: Correlation): Readonly<Record<string, string>> {
  const texts: unknown = JSON.parse(key);
  return Object.fromEntries(
    correlation.groupBy.map((field, index) => [field, Array.isArray(texts) ? String(texts[index]) : ""]),
  );
}

function read(event: Document, field: string, correlation: Correlation, reference: string): readonly EventScalar[] {
  return fieldValues(event, correlation.aliases.get(field)?.get(reference) ?? field).scalars;
}

/** What the measure needs of an event; undefined where the event has none of it. */
function valuesOf(
  event: Document,
  correlation: Correlation,
  reference: string,
): readonly (string | number)[] | undefined {
  const { measure } = correlation;
  switch (measure.type) {
    case "event_count":
    case "temporal":
    case "temporal_ordered":
      return [];
    case "value_count": {
      const lists = measure.fields.map((field) => [...new Set(read(event, field, correlation, reference).map(textOf))]);
      if (lists.some((list) => list.length === 0)) return undefined;
      const [only] = lists;
      return lists.length === 1 ? only : [JSON.stringify(lists)];
    }
    default: {
      const numbers = read(event, measure.field, correlation, reference).flatMap((scalar) => numberOf(scalar) ?? []);
      return numbers.length === 0 ? undefined : numbers;
    }
  }
}

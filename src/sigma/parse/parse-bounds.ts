import type { Bound } from "../ast.ts";
import { at, type Place, type Report, refuse, shown } from "../problem.ts";
import { isList, type YamlMap, type YamlValue } from "./yaml-value.ts";

/** A condition such as `{gte: 10, lt: 100, field: user.name}`. */
export interface BoundsCondition {
  readonly bounds: readonly Bound[];
  /** Empty where none is named. */
  readonly fields: readonly string[];
  readonly percentile: number | undefined;
}

const ops: readonly Bound["op"][] = ["lt", "lte", "gt", "gte", "eq", "neq"];

/** Reads the bounds of a correlation; several must all hold. */
export function parseBounds(condition: YamlMap, place: Place, report: Report): BoundsCondition | undefined {
  const bounds: Bound[] = [];
  let fields: readonly string[] = [];
  let percentile: number | undefined;
  for (const [key, value] of condition) {
    const here = at(place, key);
    const op = ops.find((candidate) => candidate === key);
    if (op !== undefined) {
      const number = numberOf(value, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, key, here, report);
      if (number === undefined) return undefined;
      bounds.push({ op, value: number });
    } else if (key === "field") {
      const read = fieldsOf(value, here, report);
      if (read === undefined) return undefined;
      fields = read;
    } else if (key === "percentile") {
      percentile = numberOf(value, 0, 100, key, here, report);
      if (percentile === undefined) return undefined;
    } else {
      const hint = `There are: ${ops.join(", ")}, field, percentile.`;
      return refuse(report, here, "correlation_unknown_key", `A condition has no ${shown(key)}.`, hint);
    }
  }
  if (bounds.length > 0) return { bounds, fields, percentile };
  return refuse(report, place, "correlation_condition", "The condition compares with nothing.", "Write e.g. gte: 10.");
}

function numberOf(
  value: YamlValue,
  low: number,
  high: number,
  key: string,
  place: Place,
  report: Report,
): number | undefined {
  // Texts of digits count as numbers, as they do for other tools.
  const number = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number) && number >= low && number <= high) return number;
  const range = low === 0 ? " from 0 to 100" : "";
  return refuse(
    report,
    place,
    "correlation_condition",
    `${key} takes a number${range}, not ${shown(value)}.`,
    "Write a number.",
  );
}

function fieldsOf(value: YamlValue, place: Place, report: Report): readonly string[] | undefined {
  const fields = (isList(value) ? value : [value]).filter((field) => typeof field === "string" && field !== "");
  if (fields.length > 0 && fields.length === (isList(value) ? value.length : 1)) return fields.map(String);
  const hint = "Write a field name or a list of them.";
  return refuse(report, place, "correlation_field", `field cannot be ${shown(value)}.`, hint);
}

import type { Document } from "../../sdk/document.ts";
import type { TimePart } from "../ast.ts";
import { fieldValues } from "./field-values.ts";
import type { EventScalar } from "./scalar.ts";

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Milliseconds since 1970 of a time in an event: an ISO text (UTC where it names no zone), or seconds or milliseconds as a number. */
export function eventTime(value: EventScalar): number | undefined {
  if (typeof value === "number")
    return Number.isFinite(value) ? (Math.abs(value) < 1e11 ? value * 1000 : value) : undefined;
  if (typeof value !== "string" || !isoTime.test(value)) return undefined;
  const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(value.slice(10)) ? value : value.length > 10 ? `${value}Z` : value;
  const time = Date.parse(zoned.replace(" ", "T"));
  return Number.isNaN(time) ? undefined : time;
}

/** The time of an event in milliseconds since 1970, from one of its fields. */
export function eventTimeOf(event: Document, field: string): number | undefined {
  for (const scalar of fieldValues(event, field).scalars) {
    const time = eventTime(scalar);
    if (time !== undefined) return time;
  }
  return undefined;
}

/** A part of a time in UTC; weeks are ISO weeks. */
export function timePartOf(time: number, part: TimePart): number {
  const date = new Date(time);
  switch (part) {
    case "minute":
      return date.getUTCMinutes();
    case "hour":
      return date.getUTCHours();
    case "day":
      return date.getUTCDate();
    case "month":
      return date.getUTCMonth() + 1;
    case "year":
      return date.getUTCFullYear();
    case "week":
      return isoWeek(date);
  }
}

/** The week of the year that has this week's Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.floor((thursday.getTime() - start) / 604_800_000) + 1;
}

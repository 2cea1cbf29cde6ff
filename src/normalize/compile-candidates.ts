import type { Document } from "../sdk/document.ts";
import { asText, wrongType } from "./coerce-value.ts";
import { compilePath } from "./compile-path.ts";
import { type Absent, compileValue, fieldsOf } from "./compile-value.ts";
import type { SessionSpec, TimeSpec, ValueSpec } from "./mapping-schema.ts";
import { parseTime } from "./parse-time.ts";
import { joinKey, type SessionValue } from "./reading.ts";

/** Called with each field that holds something its role cannot use. */
export type Report = (field: string) => void;

/** The first candidate with a value; fields of the wrong type are reported and passed over. */
export function compileFirst(
  specs: readonly ValueSpec[] | undefined,
  absent: Absent,
): (document: Document, report: Report) => string | undefined {
  const candidates = (specs ?? []).map((spec) => ({ read: compileValue(spec, absent), field: fieldsOf(spec) }));
  return (document, report) => {
    for (let index = 0; index < candidates.length; index += 1) {
      const candidate = candidates[index];
      const value = candidate?.read(document);
      if (typeof value === "string") return value;
      if (value === wrongType && candidate !== undefined) report(candidate.field);
    }
    return undefined;
  };
}

/** Every named value that is there, each at most `maxFactChars` long; undefined where there is none. */
export function compileFacts(
  specs: Readonly<Record<string, readonly ValueSpec[]>> | undefined,
  absent: Absent,
): (document: Document, report: Report) => Readonly<Record<string, string>> | undefined {
  const readers = Object.entries(specs ?? {}).map(([name, values]) => ({ name, read: compileFirst(values, absent) }));
  return (document, report) => {
    let facts: Record<string, string> | undefined;
    for (let index = 0; index < readers.length; index += 1) {
      const reader = readers[index];
      const value = reader?.read(document, report);
      if (reader === undefined || value === undefined) continue;
      facts ??= {};
      facts[reader.name] = cutFact(value);
    }
    return facts;
  };
}

const maxFactChars = 1_024;

/** A fact as it is kept: long ones end in `…`. */
export function cutFact(value: string): string {
  return value.length > maxFactChars ? `${value.slice(0, maxFactChars)}…` : value;
}

/** The first candidate with a time that is not before its first year. */
export function compileTimes(
  specs: readonly TimeSpec[],
  absent: Absent,
): (document: Document, report: Report) => { timeMs: number; time: string } | undefined {
  const candidates = specs.map((spec) => ({ ...spec, read: compilePath(spec.field), from: earliestMs(spec.min_year) }));
  return (document, report) => {
    for (let index = 0; index < candidates.length; index += 1) {
      const candidate = candidates[index];
      if (candidate === undefined) continue;
      const text = asText(candidate.read(document));
      if (text === undefined || (text !== wrongType && absent.has(text))) continue;
      const timeMs = text === wrongType ? undefined : parseTime(candidate.format, text);
      if (timeMs === undefined || text === wrongType) report(candidate.field);
      else if (timeMs >= candidate.from) return { timeMs, time: text };
    }
    return undefined;
  };
}

/** The first instant of a year; minus infinity where there is no bound. */
function earliestMs(year: number | undefined): number {
  return year === undefined ? Number.NEGATIVE_INFINITY : Date.UTC(year, 0, 1);
}

/** The first session candidate whose fields all have values. */
export function compileSessions(
  specs: readonly SessionSpec[],
  absent: Absent,
): (document: Document, report: Report) => SessionValue | undefined {
  const candidates = specs.map((spec) => compileSession(spec, absent));
  return (document, report) => {
    for (let index = 0; index < candidates.length; index += 1) {
      const found = candidates[index]?.(document, report);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function compileSession(
  spec: SessionSpec,
  absent: Absent,
): (document: Document, report: Report) => SessionValue | undefined {
  const parts = compileParts(spec.fields, absent);
  const from = spec.name ?? spec.fields.map(fieldsOf).join("+");
  const scope = spec.scope ?? "host";
  return (document, report) => {
    const values = parts(document, report);
    return values === undefined ? undefined : { from, value: joinKey(values), scope };
  };
}

/** All of the values, or undefined where one is missing. */
export function compileParts(
  specs: readonly ValueSpec[],
  absent: Absent,
): (document: Document, report: Report) => string[] | undefined {
  const readers = specs.map((spec) => ({ read: compileValue(spec, absent), field: fieldsOf(spec) }));
  return (document, report) => {
    const values: string[] = [];
    for (let index = 0; index < readers.length; index += 1) {
      const part = readers[index];
      const value = part?.read(document);
      if (value === wrongType && part !== undefined) report(part.field);
      if (typeof value !== "string") return undefined;
      values.push(value);
    }
    return values;
  };
}

/** What names the event: the first list of fields that all have values. */
export function compileId(
  specs: readonly (readonly ValueSpec[])[],
  absent: Absent,
): (document: Document, report: Report) => string | undefined {
  const candidates = specs.map((fields) => compileParts(fields, absent));
  return (document, report) => {
    for (let index = 0; index < candidates.length; index += 1) {
      const values = candidates[index]?.(document, report);
      if (values !== undefined) return values.join("\n");
    }
    return undefined;
  };
}

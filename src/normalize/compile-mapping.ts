import type { Platform } from "../event/event.ts";
import type { Document } from "../sdk/document.ts";
import { asText, wrongType } from "./coerce-value.ts";
import { compileAny, compileCondition, type Predicate } from "./compile-condition.ts";
import { compilePath } from "./compile-path.ts";
import { type Absent, compileText, compileValue, fieldsOf } from "./compile-value.ts";
import type { Mapping, PlatformSpec, ReasonedSpec, SessionSpec, TimeSpec, ValueSpec } from "./mapping-schema.ts";
import { parseTime } from "./parse-time.ts";
import { type EventFields, joinKey, type Reading, type Refusal, refuseText, type SessionValue } from "./reading.ts";
import type { Readers } from "./renderer.ts";

/** A mapping as closures; reading a document neither parses nor looks anything up by name. */
export interface CompiledMapping {
  readonly mapping: Mapping;
  /** `name@version`, as events carry it. */
  readonly id: string;
  readonly recognises: Predicate;
  /** Total: any document gives fields or a refusal. */
  readonly read: (document: Document) => Reading;
}

/** Compiles a mapping once, at load. Expects one that `parseMapping` accepted. */
export function compileMapping(mapping: Mapping, readers: Readers): CompiledMapping {
  return {
    mapping,
    id: `${mapping.name}@${mapping.version}`,
    recognises: compileCondition(mapping.recognise),
    read: compileReading(mapping, readers),
  };
}

function compileReading(mapping: Mapping, readers: Readers): (document: Document) => Reading {
  const refuse = compileRefusals(mapping);
  const text = compileTexts(mapping, readers);
  const fields = compileFields(mapping);
  return (document) => {
    const refusal = refuse(document);
    if (refusal !== undefined) return refusal;
    const found = text(document);
    if (typeof found !== "string") return found;
    return { kind: "fields", fields: fields(document, found) };
  };
}

/** Skip conditions come before reject conditions; the first that holds answers. */
function compileRefusals(mapping: Mapping): (document: Document) => Refusal | undefined {
  const rules = [
    ...(mapping.skip ?? []).map((rule) => compileRefusal(rule, "skipped")),
    ...(mapping.reject ?? []).map((rule) => compileRefusal(rule, "rejected")),
  ];
  return (document) => {
    for (let index = 0; index < rules.length; index += 1) {
      const rule = rules[index];
      if (rule?.when(document) === true) return rule.refusal;
    }
    return undefined;
  };
}

function compileRefusal(rule: ReasonedSpec, kind: Refusal["kind"]): { when: Predicate; refusal: Refusal } {
  const { code, reason, field } = rule;
  const refusal = { kind, code, reason, ...(field === undefined ? {} : { field }) };
  return { when: compileCondition(rule.when), refusal };
}

function compileTexts(mapping: Mapping, readers: Readers): (document: Document) => string | Refusal {
  const specs = mapping.text ?? [];
  const candidates = specs.map((spec) => compileText(spec, readers.renderers));
  const fields = specs.map(fieldsOf);
  return (document) => {
    let wrongField: string | undefined;
    for (let index = 0; index < candidates.length; index += 1) {
      const text = candidates[index]?.(document);
      if (typeof text === "string") return text.trim();
      if (text === wrongType) wrongField ??= fields[index];
    }
    return refuseText(fields, wrongField);
  };
}

type Report = (field: string) => void;

function compileFields(mapping: Mapping): (document: Document, text: string) => EventFields {
  const absent: Absent = new Set((mapping.absent ?? []).map(String));
  const platform = compilePlatform(mapping.platform);
  const time = compileTimes(mapping.time ?? [], absent);
  const session = compileSessions(mapping.session ?? [], absent);
  const host = compileFirst(mapping.host, absent);
  const user = compileFirst(mapping.user, absent);
  const parent = compileFirst(mapping.parent, absent);
  const executable = compileFirst(mapping.executable, absent);
  const id = compileId(mapping.id ?? [], absent);
  const incomplete = compileAny(mapping.incomplete);
  return (document, text) => {
    let wrongTypes: string[] = noFields;
    const report: Report = (field) => {
      if (wrongTypes === noFields) wrongTypes = [];
      wrongTypes.push(field);
    };
    const at = time(document, report);
    const fields = {
      platform: platform(document, text),
      text,
      timeMs: at?.timeMs,
      time: at?.time,
      session: session(document, report),
      host: host(document, report),
      user: user(document, report),
      parent: parent(document, report),
      executable: executable(document, report),
      id: id(document, report),
      incomplete: incomplete(document),
    };
    return { ...fields, wrongTypes };
  };
}

const noFields: string[] = [];

function compilePlatform(spec: Mapping["platform"]): (document: Document, text: string) => Platform {
  if (spec === undefined || typeof spec === "string") return () => spec ?? "linux";
  const cases = spec.map(compileCase);
  return (document, text) => {
    for (const one of cases) if (one.holds(document, text)) return one.platform;
    return "linux";
  };
}

function compileCase(spec: PlatformSpec): { platform: Platform; holds: (document: Document, text: string) => boolean } {
  const when = spec.when === undefined ? undefined : compileCondition(spec.when);
  const prefix = spec.text_prefix ?? "";
  return { platform: spec.platform, holds: (document, text) => text.startsWith(prefix) && (when?.(document) ?? true) };
}

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

function compileTimes(
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
export function earliestMs(year: number | undefined): number {
  return year === undefined ? Number.NEGATIVE_INFINITY : Date.UTC(year, 0, 1);
}

function compileSessions(
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

function compileId(
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

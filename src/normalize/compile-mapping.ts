import type { Platform } from "../event/event.ts";
import type { Document } from "../sdk/document.ts";
import { wrongType } from "./coerce-value.ts";
import {
  compileFacts,
  compileFirst,
  compileId,
  compileSessions,
  compileTimes,
  type Report,
} from "./compile-candidates.ts";
import { compileAny, compileCondition, type Predicate } from "./compile-condition.ts";
import { type Absent, compileText, fieldsOf } from "./compile-value.ts";
import type { Mapping, PlatformSpec, ReasonedSpec } from "./mapping-schema.ts";
import { type EventFields, type Reading, type Refusal, refuseText } from "./reading.ts";
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
  const facts = compileFacts(mapping.facts, absent);
  const incomplete = compileAny(mapping.incomplete);
  return (document, text) => {
    let wrongTypes: string[] = noFields;
    const report: Report = (field) => {
      if (wrongTypes === noFields) wrongTypes = [];
      wrongTypes.push(field);
    };
    const at = time(document, report);
    const fields: EventFields = {
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
      facts: facts(document, report),
      incomplete: incomplete(document),
      // Last: the readers above report into it.
      wrongTypes,
    };
    return fields;
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

import { RE2JS } from "re2js";
import type { Platform } from "../event/event.ts";
import type { Document } from "../sdk/document.ts";
import { asCommand, asJoined, asText, isBlank, type WrongType, wrongType } from "./coerce-value.ts";
import { cutFact } from "./compile-candidates.ts";
import { decodeText, prependProgram } from "./decode-text.ts";
import { describeCondition, interpretCondition, interpretPath } from "./interpret-condition.ts";
import type { Mapping, ReasonedSpec, TextSpec, ValueSpec } from "./mapping-schema.ts";
import { parseTime } from "./parse-time.ts";
import { joinKey, type Reading, type Refusal, refuseText, type SessionValue } from "./reading.ts";
import type { Readers } from "./renderer.ts";

/**
 * Reads a document by walking the mapping as written, every time. Slow and plain: the oracle that compiled mappings
 * are tested against, and what explains a reading.
 */
export function interpretMapping(mapping: Mapping, document: Document, readers: Readers): Reading {
  const refusal = firstRefusal(mapping.skip, "skipped", document) ?? firstRefusal(mapping.reject, "rejected", document);
  if (refusal !== undefined) return refusal;
  const found = interpretText(mapping, document, readers);
  if ("kind" in found) return found;
  const work: Work = { mapping, document, wrongTypes: [] };
  const time = firstTime(work);
  const session = firstSession(work);
  return {
    kind: "fields",
    fields: {
      platform: platformOf(mapping, document, found.text),
      text: found.text,
      timeMs: time?.timeMs,
      time: time?.time,
      session,
      host: firstValue(mapping.host, work),
      user: firstValue(mapping.user, work),
      parent: firstValue(mapping.parent, work),
      executable: firstValue(mapping.executable, work),
      id: firstId(work),
      facts: allFacts(work),
      incomplete: (mapping.incomplete ?? []).some((condition) => interpretCondition(condition, document)),
      wrongTypes: work.wrongTypes,
    },
  };
}

/** The first text candidate that gives a text, with its place in the mapping; else why there is none. */
export function interpretText(
  mapping: Mapping,
  document: Document,
  readers: Readers,
): { readonly text: string; readonly from: TextSpec } | Refusal {
  let wrongField: string | undefined;
  const specs = mapping.text ?? [];
  for (const spec of specs) {
    const text = textOf(spec, document, readers);
    if (typeof text === "string") return { text: text.trim(), from: spec };
    if (text === wrongType) wrongField ??= nameOf(spec);
  }
  return refuseText(specs.map(nameOf), wrongField);
}

interface Work {
  readonly mapping: Mapping;
  readonly document: Document;
  readonly wrongTypes: string[];
}

function firstRefusal(
  rules: readonly ReasonedSpec[] | undefined,
  kind: Refusal["kind"],
  document: Document,
): Refusal | undefined {
  const rule = (rules ?? []).find((one) => interpretCondition(one.when, document));
  if (rule === undefined) return undefined;
  return { kind, code: rule.code, reason: rule.reason, ...(rule.field === undefined ? {} : { field: rule.field }) };
}

function textOf(spec: TextSpec, document: Document, readers: Readers): string | undefined | WrongType {
  if (typeof spec === "string") return asCommand(interpretPath(spec, document));
  if (spec.render === undefined) return readSpec(spec, document, [], asCommand);
  const value = spec.field === undefined ? document : interpretPath(spec.field, document);
  const rendered = value === undefined ? undefined : readers.renderers.get(spec.render)?.(value, document);
  return refine(spec, document, [], rendered);
}

/** The condition of the rule that skips or rejects a document, in words; undefined when none does. */
export function explainRefusal(mapping: Mapping, document: Document): string | undefined {
  const rules = [...(mapping.skip ?? []), ...(mapping.reject ?? [])];
  const rule = rules.find((one) => interpretCondition(one.when, document));
  return rule === undefined ? undefined : describeCondition(rule.when);
}

type ValueObject = Exclude<ValueSpec, string>;
type Coerce = (value: unknown) => string | undefined | WrongType;

function readSpec(
  spec: ValueSpec,
  document: Document,
  absent: readonly string[],
  coerce: Coerce = asText,
): string | undefined | WrongType {
  const value: ValueObject = typeof spec === "string" ? { field: spec } : spec;
  if (value.join === undefined)
    return refine(value, document, absent, coerce(interpretPath(value.field ?? "", document)));
  const paths = typeof value.join === "string" ? [value.join] : value.join;
  const parts = paths.map((path) => asJoined(interpretPath(path, document)));
  const present = parts.filter((part) => typeof part === "string");
  const joined = parts.includes(wrongType) ? wrongType : present.length === 0 ? undefined : present.join(" ");
  return refine(value, document, absent, joined);
}

function refine(
  spec: ValueObject,
  document: Document,
  absent: readonly string[],
  read: string | undefined | WrongType,
): string | undefined | WrongType {
  if (spec.when !== undefined && !interpretCondition(spec.when, document)) return undefined;
  let text = read;
  if (typeof text === "string" && spec.extract !== undefined) text = extract(spec.extract, text);
  if (typeof text === "string" && spec.decode !== undefined) text = decodeText(spec.decode, text);
  const placeholders = [...absent, ...(spec.absent ?? []).map(String)];
  if (typeof text !== "string" || placeholders.includes(text)) return text === wrongType ? text : undefined;
  return spec.prepend === undefined ? text : prependProgram(asText(interpretPath(spec.prepend, document)), text);
}

function extract(regex: string, text: string): string | undefined {
  const matcher = RE2JS.compile(regex).matcher(text);
  if (!matcher.find()) return undefined;
  const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1));
  const part = groups.find((group) => group) ?? matcher.group() ?? "";
  return isBlank(part) ? undefined : part;
}

function placeholdersOf(mapping: Mapping): string[] {
  return (mapping.absent ?? []).map(String);
}

function firstValue(specs: readonly ValueSpec[] | undefined, work: Work): string | undefined {
  for (const spec of specs ?? []) {
    const value = readSpec(spec, work.document, placeholdersOf(work.mapping));
    if (typeof value === "string") return value;
    if (value === wrongType) work.wrongTypes.push(nameOf(spec));
  }
  return undefined;
}

function allValues(specs: readonly ValueSpec[], work: Work): string[] | undefined {
  const values: string[] = [];
  for (const spec of specs) {
    const value = firstValue([spec], work);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function firstTime({ mapping, document, wrongTypes }: Work): { timeMs: number; time: string } | undefined {
  for (const spec of mapping.time ?? []) {
    const text = readSpec(spec.field, document, placeholdersOf(mapping));
    if (text === undefined) continue;
    const timeMs = text === wrongType ? undefined : parseTime(spec.format, text);
    if (text === wrongType || timeMs === undefined) wrongTypes.push(spec.field);
    else if (spec.min_year === undefined || timeMs >= Date.UTC(spec.min_year, 0, 1)) return { timeMs, time: text };
  }
  return undefined;
}

function firstSession(work: Work): SessionValue | undefined {
  for (const spec of work.mapping.session ?? []) {
    const values = allValues(spec.fields, work);
    if (values === undefined) continue;
    const from = spec.name ?? spec.fields.map(nameOf).join("+");
    return { from, value: joinKey(values), scope: spec.scope ?? "host" };
  }
  return undefined;
}

function allFacts(work: Work): Record<string, string> | undefined {
  const found = Object.entries(work.mapping.facts ?? {}).flatMap(([name, specs]) => {
    const value = firstValue(specs, work);
    return value === undefined ? [] : [[name, cutFact(value)] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function firstId(work: Work): string | undefined {
  for (const specs of work.mapping.id ?? []) {
    const values = allValues(specs, work);
    if (values !== undefined) return values.join("\n");
  }
  return undefined;
}

function platformOf(mapping: Mapping, document: Document, text: string): Platform {
  if (mapping.platform === undefined || typeof mapping.platform === "string") return mapping.platform ?? "linux";
  const found = mapping.platform.find(
    (one) =>
      text.startsWith(one.text_prefix ?? "") && (one.when === undefined || interpretCondition(one.when, document)),
  );
  return found?.platform ?? "linux";
}

/** The fields a candidate reads, for messages. */
export function nameOf(spec: ValueSpec | TextSpec): string {
  if (typeof spec === "string") return spec;
  const paths = spec.field ?? spec.join ?? "";
  return typeof paths === "string" ? paths : paths.join("+");
}

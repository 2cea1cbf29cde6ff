import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "../sdk/document.ts";
import { createCollapser } from "./collapse-stages.ts";
import { compileFirst } from "./compile-candidates.ts";
import type { CompiledMapping } from "./compile-mapping.ts";
import { isObject } from "./compile-path.ts";
import { makeEvent, type Place } from "./make-event.ts";
import type { Mapping } from "./mapping-schema.ts";
import { compileReaderText } from "./reader-text.ts";
import type { Reading } from "./reading.ts";
import type { ReaderResult, RecordPosition } from "./record-reader.ts";
import type { Readers } from "./renderer.ts";
import type { EventResult, RefusedResult, Result } from "./result.ts";
import { compileUnwrap } from "./unwrap-document.ts";

/** A document's place, and how many envelopes it came out of. */
interface At extends Place {
  readonly depth: number;
}

export type Take = (document: Document, at: At, out: Result[]) => void;

/** A mapping at work on documents it recognises. */
export interface Taker {
  readonly mapping: Mapping;
  readonly recognises: (document: Document) => boolean;
  /** Adds the document's results; false when the document is not the mapping's after all. */
  readonly take: (document: Document, at: At, out: Result[]) => boolean;
  /**
   * Takes a document that no mapping recognises, because its container is one this mapping is for: only where an event
   * comes of it. Envelopes, and mappings that hold something between documents, never do.
   */
  readonly takeUnrecognised: (document: Document, at: At, out: Result[]) => boolean;
  readonly flush: (out: Result[]) => void;
  /** Adds what the mapping has held for long by the clock of a live source. */
  readonly release: (nowMs: number, out: Result[]) => void;
  /** What the mapping holds between documents. */
  readonly memory: Memory | undefined;
}

interface Memory {
  pending(): string;
  restore(state: string): void;
}

export interface TakerSettings {
  readonly source: string;
  readonly readers: Readers;
  readonly maxTextChars: number;
  /** Takes a document from the start, for what an envelope holds. */
  readonly take: Take;
}

/** Puts a mapping to work: as an envelope, a reader of records, or a plain document. Throws `mapping_invalid`. */
export function createTaker(compiled: CompiledMapping, settings: TakerSettings): Taker {
  const { mapping, recognises } = compiled;
  const base = { mapping, recognises, memory: undefined, flush: none, release: none, takeUnrecognised: () => false };
  if (mapping.unwrap !== undefined) return { ...base, take: takeEnvelope(compiled, mapping.unwrap, settings) };
  const finish = finishReading(compiled.id, settings);
  if (mapping.reader !== undefined) return { ...base, ...takeRecords(compiled, mapping.reader, settings, finish) };
  if (mapping.collapse !== undefined) return { ...base, ...takeStages(compiled, mapping.collapse, finish) };
  return {
    ...base,
    take(document, at, out) {
      out.push(finish(compiled.read(document), at, [at.record]));
      return true;
    },
    takeUnrecognised(document, at, out) {
      const reading = compiled.read(document);
      if (reading.kind !== "fields") return false;
      out.push(finish(reading, at, [at.record]));
      return true;
    },
  };
}

function none(): void {}

type CollapseSpec = NonNullable<Mapping["collapse"]>;

function takeStages(
  compiled: CompiledMapping,
  spec: CollapseSpec,
  finish: Finish,
): Pick<Taker, "take" | "flush" | "release" | "memory"> {
  const collapser = createCollapser(spec, compiled.id);
  return {
    memory: collapser,
    flush: (out) => collapser.flush(out),
    release: (nowMs, out) => collapser.release(nowMs, out),
    take(document, at, out) {
      const result = finish(compiled.read(document), at, [at.record]);
      if (result.kind === "event") collapser.add(result, document, out);
      else out.push(result);
      return true;
    },
  };
}

type Finish = (reading: Reading, place: Place, records: readonly RecordPosition[], incomplete?: boolean) => Result;

function finishReading(id: string, settings: TakerSettings): Finish {
  return (reading, place, records, incomplete) => {
    if (reading.kind !== "fields") return { ...reading, mapping: id, records };
    const fields = incomplete === true ? { ...reading.fields, incomplete } : reading.fields;
    const event = makeEvent(fields, id, place, settings.maxTextChars);
    const result: EventResult = { kind: "event", event, records };
    return fields.wrongTypes.length === 0 ? result : { ...result, wrongTypes: fields.wrongTypes };
  };
}

type UnwrapSpec = NonNullable<Mapping["unwrap"]>;

function takeEnvelope(compiled: CompiledMapping, spec: UnwrapSpec, settings: TakerSettings): Taker["take"] {
  const unwrap = compileUnwrap(spec, settings.readers);
  const { take } = settings;
  const refuse = (kind: RefusedResult["kind"], code: string, reason: string, at: At): RefusedResult => {
    return { kind, code, reason, mapping: compiled.id, records: [at.record] };
  };
  return (document, at, out) => {
    const inner = unwrap(document);
    if (inner === undefined) return false;
    if (inner.length === 0) out.push(refuse("skipped", "envelope_empty", "The envelope holds no documents.", at));
    const numbered = spec.object === undefined && inner.length > 1;
    for (let index = 0; index < inner.length; index += 1) {
      const one = inner[index];
      const within = numbered ? `${at.within}#${index + 1}` : at.within;
      if (isObject(one)) take(one, { ...at, within, depth: at.depth + 1 }, out);
      else out.push(refuse("rejected", "envelope_item_invalid", `Item ${index + 1} is no object.`, at));
    }
    return true;
  };
}

type ReaderSpec = NonNullable<Mapping["reader"]>;

function takeRecords(
  compiled: CompiledMapping,
  spec: ReaderSpec,
  settings: TakerSettings,
  finish: Finish,
): Pick<Taker, "take" | "flush" | "release" | "memory"> {
  const create = settings.readers.records.get(spec.name);
  if (create === undefined) throw unknownReader(spec.name);
  const reader = create();
  const textOf = compileReaderText(spec, settings.readers.renderers);
  const hostOf = compileFirst(compiled.mapping.host, new Set((compiled.mapping.absent ?? []).map(String)));
  const finishAll = (results: readonly ReaderResult[], out: Result[]): void => {
    for (const result of results) out.push(finishRecords(result, compiled, settings.source, finish));
  };
  return {
    memory: reader,
    flush: (out) => finishAll(reader.flush(), out),
    release: (nowMs, out) => finishAll(reader.release(nowMs), out),
    take(document, at, out) {
      const text = textOf(document);
      if (text === undefined) return false;
      const host = hostOf(document, () => undefined);
      finishAll(reader.add(at.record, text, host), out);
      return true;
    },
  };
}

function finishRecords(result: ReaderResult, compiled: CompiledMapping, source: string, finish: Finish): Result {
  const { records } = result;
  if (result.kind !== "document") return { ...result, mapping: compiled.id };
  const [record] = records;
  if (record === undefined) throw new TagsmithError("reader_without_records", "A reader named no records.", "exit");
  const place = { source, record, within: "" };
  return finish(compiled.read(result.document), place, records, result.incomplete);
}

function unknownReader(reader: string): TagsmithError {
  return new TagsmithError("mapping_invalid", `reader.name: there is no reader "${reader}"`, "exit");
}

import { RE2JS } from "re2js";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "../sdk/document.ts";
import { asCommand, asJoined, asText, isBlank, type WrongType, wrongType } from "./coerce-value.ts";
import { compileCondition } from "./compile-condition.ts";
import { compilePath, type FieldReader } from "./compile-path.ts";
import { decodeText, prependProgram, type ValueDecoder } from "./decode-text.ts";
import type { TextSpec, ValueSpec } from "./mapping-schema.ts";
import type { Renderer } from "./renderer.ts";

/** Reads one value of a document. */
export type ValueReader = (document: Document) => string | undefined | WrongType;
/** Placeholders that count as absent. */
export type Absent = ReadonlySet<string>;

type ValueObject = Exclude<ValueSpec, string>;
type TextObject = Exclude<TextSpec, string>;

/** Compiles a value candidate: placeholders, of it and of the mapping, are absent. */
export function compileValue(spec: ValueSpec, absent: Absent): ValueReader {
  const value: ValueObject = typeof spec === "string" ? { field: spec } : spec;
  return refine(readValue(value, asText), value, withAbsent(absent, value));
}

/** Compiles a text candidate; only its own placeholders are absent, since `-` may be a command's whole text. */
export function compileText(spec: TextSpec, renderers: ReadonlyMap<string, Renderer>): ValueReader {
  const text: TextObject = typeof spec === "string" ? { field: spec } : spec;
  const read = text.render === undefined ? readValue(text, asCommand) : readRendered(text, text.render, renderers);
  return refine(read, text, withAbsent(new Set(), text));
}

/** The fields a candidate reads, for messages. */
export function fieldsOf(spec: ValueSpec | TextSpec): string {
  if (typeof spec === "string") return spec;
  const paths = spec.field ?? spec.join ?? "";
  return typeof paths === "string" ? paths : paths.join("+");
}

function withAbsent(absent: Absent, value: ValueObject): Absent {
  return value.absent === undefined ? absent : new Set([...absent, ...value.absent.map(String)]);
}

function readValue(value: ValueObject, coerce: (value: unknown) => string | undefined | WrongType): ValueReader {
  if (value.join !== undefined) return readJoined(typeof value.join === "string" ? [value.join] : value.join);
  const read = compilePath(value.field ?? "");
  return (document) => coerce(read(document));
}

function readJoined(paths: readonly string[]): ValueReader {
  const readers = paths.map(compilePath);
  const [only] = readers;
  if (only !== undefined && readers.length === 1) return (document) => asJoined(only(document));
  return (document) => joinFields(document, readers);
}

function joinFields(document: Document, readers: readonly FieldReader[]): string | undefined | WrongType {
  let joined: string | undefined;
  for (const read of readers) {
    const part = asJoined(read(document));
    if (part === wrongType) return wrongType;
    if (part !== undefined) joined = joined === undefined ? part : `${joined} ${part}`;
  }
  return joined;
}

function readRendered(text: TextObject, name: string, renderers: ReadonlyMap<string, Renderer>): ValueReader {
  const render = renderers.get(name);
  if (render === undefined) throw new TagsmithError("mapping_invalid", `There is no renderer "${name}".`, "exit");
  if (text.field === undefined) return (document) => render(document, document);
  const read = compilePath(text.field);
  return (document) => {
    const value = read(document);
    return value === undefined ? undefined : render(value, document);
  };
}

function refine(read: ValueReader, value: ValueObject, absent: Absent): ValueReader {
  let result = read;
  if (value.extract !== undefined) result = extracting(result, value.extract);
  if (value.decode !== undefined) result = decoding(result, value.decode);
  if (absent.size > 0) result = withoutAbsent(result, absent);
  if (value.prepend !== undefined) result = prepending(result, value.prepend);
  return value.when === undefined ? result : guarded(result, compileCondition(value.when));
}

function extracting(read: ValueReader, regex: string): ValueReader {
  const extract = compileExtract(regex);
  return (document) => {
    const text = read(document);
    return typeof text === "string" ? extract(text) : text;
  };
}

function decoding(read: ValueReader, decoder: ValueDecoder): ValueReader {
  return (document) => {
    const text = read(document);
    return typeof text === "string" ? decodeText(decoder, text) : text;
  };
}

function prepending(read: ValueReader, field: string): ValueReader {
  const program = compilePath(field);
  return (document) => {
    const text = read(document);
    return typeof text === "string" ? prependProgram(asText(program(document)), text) : text;
  };
}

/** The first group that took part in the first match, else the whole match; blank counts as none. */
function compileExtract(regex: string): (text: string) => string | undefined {
  const compiled = RE2JS.compile(regex);
  return (text) => {
    const matcher = compiled.matcher(text);
    if (!matcher.find()) return undefined;
    for (let group = 1; group <= matcher.groupCount(); group += 1) {
      const part = matcher.group(group);
      if (part) return isBlank(part) ? undefined : part;
    }
    const whole = matcher.group();
    return whole === null || isBlank(whole) ? undefined : whole;
  };
}

function withoutAbsent(read: ValueReader, absent: Absent): ValueReader {
  return (document) => {
    const text = read(document);
    return typeof text === "string" && absent.has(text) ? undefined : text;
  };
}

function guarded(read: ValueReader, when: (document: Document) => boolean): ValueReader {
  return (document) => (when(document) ? read(document) : undefined);
}

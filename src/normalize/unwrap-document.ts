import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Document } from "../sdk/document.ts";
import { compilePath, isObject } from "./compile-path.ts";
import type { Mapping } from "./mapping-schema.ts";
import { parseJson } from "./parse-json.ts";
import type { Readers } from "./renderer.ts";

/** The documents inside an envelope; undefined when there is none in it after all, and the next mapping may try. */
export type Unwrapper = (document: Document) => readonly unknown[] | undefined;

type UnwrapSpec = NonNullable<Mapping["unwrap"]>;

/**
 * Compiles an envelope once. Inner documents get the top-level keys of `inherit` they lack. Throws `mapping_invalid`
 * where it names a converter that does not exist.
 */
export function compileUnwrap(spec: UnwrapSpec, readers: Readers): Unwrapper {
  const open = spec.convert === undefined ? compileOpen(spec) : converterOf(spec.convert, readers);
  const inherit = new Set(spec.inherit ?? []);
  return (document) => {
    const inner = open(document);
    if (inner === undefined || inherit.size === 0) return inner;
    return inner.map((one) => (isObject(one) ? passOn(document, one, inherit) : one));
  };
}

function converterOf(name: string, readers: Readers): Unwrapper {
  const convert = readers.converters?.get(name);
  if (convert === undefined) throw new TagsmithError("mapping_invalid", `There is no converter "${name}".`, "exit");
  return convert;
}

function compileOpen(spec: UnwrapSpec): Unwrapper {
  if (spec.json !== undefined) return compileJson(spec.json);
  if (spec.object !== undefined) return compileObject([spec.object].flat());
  const read = compilePath(spec.items ?? "");
  return (document) => {
    const value = read(document);
    return Array.isArray(value) ? value : undefined;
  };
}

function compileObject(paths: readonly string[]): Unwrapper {
  const readers = paths.map(compilePath);
  return (document) => {
    for (const read of readers) {
      const value = read(document);
      if (isObject(value)) return [value];
    }
    return undefined;
  };
}

function compileJson(paths: readonly string[]): Unwrapper {
  const readers = paths.map(compilePath);
  return (document) => {
    for (const read of readers) {
      const inner = openJson(read(document));
      if (inner !== undefined) return inner;
    }
    return undefined;
  };
}

/** Syslog's mark for "JSON follows" may stand in front. */
const beginsJson = /^\s{0,100}(?:@cee:\s{0,10})?(?=[{[])/;

function openJson(value: unknown): readonly unknown[] | undefined {
  const begin = typeof value === "string" ? beginsJson.exec(value)?.[0] : undefined;
  if (typeof value !== "string" || begin === undefined) return undefined;
  const text = value.slice(begin.length);
  const parsed = parseJson(text);
  if (Array.isArray(parsed)) return parsed;
  return isObject(parsed) ? [parsed] : openLines(text);
}

/** Objects on a line each, as collectors batch them; undefined where any line holds something else. */
function openLines(text: string): readonly unknown[] | undefined {
  if (!text.includes("\n")) return undefined;
  const objects: unknown[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const parsed = parseJson(line);
    if (!isObject(parsed)) return undefined;
    objects.push(parsed);
  }
  return objects;
}

/** Dotted keys are passed on like the objects they stand for. */
function passOn(outer: Document, inner: Document, names: ReadonlySet<string>): Document {
  const missing = Object.keys(outer).filter((key) => {
    const name = names.has(key) ? key : (key.split(".", 1)[0] ?? key);
    return names.has(name) && !Object.hasOwn(inner, key) && !Object.hasOwn(inner, name);
  });
  if (missing.length === 0) return inner;
  return { ...inner, ...Object.fromEntries(missing.map((key) => [key, outer[key]])) };
}

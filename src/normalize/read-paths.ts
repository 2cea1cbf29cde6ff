import type { Condition, Mapping, TextSpec, ValueSpec } from "./mapping-schema.ts";

/** What a mapping reads of the documents that it recognises. */
export interface ReadPaths {
  /** Each with all that is under it. */
  readonly paths: readonly string[];
  /** A converter or renderer is given the document itself and may read anything. */
  readonly isWhole: boolean;
}

/** Collects the paths a mapping names, but to recognise by; what a reader makes of its text needs none. */
export function readPathsOf(mapping: Mapping): ReadPaths {
  const { unwrap, reader, host } = mapping;
  if (unwrap !== undefined) {
    const { items = [], object = [], json = [], inherit = [], convert } = unwrap;
    return { paths: [items, object, json, inherit].flat(), isWhole: convert !== undefined };
  }
  if (reader !== undefined) {
    const { fields = [], render } = reader;
    return { paths: [...fields, ...pathsOfValues(host)], isWhole: render !== undefined };
  }
  return { paths: pathsOfReading(mapping), isWhole: (mapping.text ?? []).some(isRendered) };
}

function pathsOfReading(mapping: Mapping): string[] {
  // Taken apart, so that a new part of a mapping cannot be forgotten: the compiler finds it in `rest`.
  const {
    $schema: _schema,
    name: _name,
    version: _version,
    title: _title,
    description: _description,
    ...named
  } = mapping;
  const { versions: _versions, pitfalls: _pitfalls, precedence: _precedence, within: _within, ...placed } = named;
  const {
    containers: _containers,
    absent: _absent,
    recognise: _recognise,
    unwrap: _unwrap,
    reader: _reader,
    ...read
  } = placed;
  const { platform, skip, reject, text, time, session, host, user, parent, executable, id, facts, ...more } = read;
  const { incomplete, collapse, ...rest } = more;
  rest satisfies Record<string, never>;
  const cases = typeof platform === "string" ? [] : (platform ?? []);
  const conditions = [...cases, ...(skip ?? []), ...(reject ?? [])].map(({ when }) => when);
  return [
    ...[...conditions, ...(incomplete ?? [])].flatMap(pathsOfCondition),
    ...pathsOfValues(text),
    ...(time ?? []).map(({ field }) => field),
    ...(session ?? []).flatMap(({ fields }) => pathsOfValues(fields)),
    ...[host, user, parent, executable].flatMap(pathsOfValues),
    ...(id ?? []).flatMap(pathsOfValues),
    ...Object.values(facts ?? {}).flatMap(pathsOfValues),
    ...(collapse === undefined ? [] : [collapse.field, ...pathsOfValues(collapse.key)]),
  ];
}

function pathsOfValues(values: readonly (ValueSpec | TextSpec)[] | undefined): string[] {
  return (values ?? []).flatMap((value) => {
    if (typeof value === "string") return [value];
    const { field = [], join = [], prepend = [], when } = value;
    return [field, join, prepend, pathsOfCondition(when)].flat();
  });
}

/** Every path a condition names. */
export function pathsOfCondition(condition: Condition | undefined): string[] {
  if (condition === undefined) return [];
  const { field = [], all = [], any = [], none = [] } = condition;
  return [field, ...[all, any, none].flat().map(pathsOfCondition)].flat();
}

function isRendered(text: TextSpec): boolean {
  return typeof text !== "string" && text.render !== undefined;
}

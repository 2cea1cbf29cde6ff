/** Documents whose time is in `field`, because they have none of the fields that come before it. */
export interface Lane {
  readonly field: string;
  readonly without: readonly string[];
}

/** Milliseconds since 1970, `to` not included; a bound that is left out is none. */
export interface Window {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

export type Json = Readonly<Record<string, unknown>>;

/** What is read in every lane, and what is not. */
export interface Selection {
  readonly exclude: readonly string[];
  readonly query: Json | undefined;
}

/** One lane for each time field: a document is in exactly one, unless it has no time at all. */
export function lanesOf(timeFields: readonly string[]): Lane[] {
  return timeFields.map((field, index) => ({ field, without: timeFields.slice(0, index) }));
}

/** The documents of a lane in a window. */
export function windowQuery({ field, without }: Lane, { from, to }: Window, { exclude, query }: Selection): Json {
  const bounds = { ...(from !== undefined && { gte: from }), ...(to !== undefined && { lt: to }) };
  const own = exclude.flatMap((pattern) => [pattern, `.ds-${pattern}`]).flatMap((name) => [name, `*:${name}`]);
  return {
    bool: {
      filter: [{ range: { [field]: { ...bounds, format: "epoch_millis" } } }, ...(query === undefined ? [] : [query])],
      must_not: [
        ...without.map((other) => ({ exists: { field: other } })),
        ...own.map((value) => ({ wildcard: { _index: { value } } })),
      ],
    },
  };
}

/** By time, whatever precision the index keeps it in; indices without the field do not fail. */
export function timeSort({ field }: Lane, format: Json): Json {
  return { [field]: { order: "asc", unmapped_type: "date", numeric_type: "date", ...format } };
}

import type { SourceRecord } from "../sdk/document.ts";
import { jsonText } from "../sdk/json-text.ts";
import type { Result } from "./result.ts";

/** Documents of one fate: the mapping that took them and what came of it. */
export interface CoverageRow {
  readonly outcome: "event" | "skipped" | "rejected" | "unknown";
  /** `name@version`; absent where no mapping took them. */
  readonly mapping?: string;
  /** Why, where no event came of it. */
  readonly code?: string;
  readonly reason?: string;
  /** For unknown ones: the top-level names they share. */
  readonly keys?: string;
  readonly count: number;
  /** How many had a session key that had to be made up. */
  readonly withoutSession?: number;
  /** How many had no time. */
  readonly withoutTime?: number;
  /** How many were incomplete. */
  readonly incomplete?: number;
  readonly example: CoverageExample;
}

interface CoverageExample {
  readonly container: string;
  readonly id: string;
  /** The text of an event. */
  readonly text?: string;
  /** How a document without an event begins, as JSON. */
  readonly document?: string;
}

/** Counts what becomes of the documents of a sample; the first of each fate is kept as an example. */
export interface CoverageCounter {
  add(result: Result, record: SourceRecord | undefined): void;
  /** Most frequent first. */
  rows(): CoverageRow[];
}

/** More kinds of unknown documents than this are counted together. */
const maxShapes = 200;
const maxKeys = 24;
const maxExcerptChars = 2000;

type Row = { -readonly [K in keyof CoverageRow]: CoverageRow[K] };

/** Starts at nothing. */
export function createCoverageCounter(): CoverageCounter {
  const rows = new Map<string, Row>();
  let shapes = 0;
  return {
    add(result, record) {
      const fate = fateOf(result, record);
      if (fate.outcome === "unknown" && !rows.has(nameOf(fate))) shapes += 1;
      const kept = fate.outcome === "unknown" && shapes > maxShapes ? { ...fate, keys: "other names" } : fate;
      const row = rows.get(nameOf(kept)) ?? { ...kept, count: 0, example: exampleOf(result, record) };
      rows.set(nameOf(kept), row);
      row.count += 1;
      if (result.kind === "event") countGaps(row, result.event);
    },
    rows: () => [...rows.values()].sort((a, b) => b.count - a.count),
  };
}

type Fate = Pick<CoverageRow, "outcome" | "mapping" | "code" | "reason" | "keys">;

function fateOf(result: Result, record: SourceRecord | undefined): Fate {
  if (result.kind === "event") return { outcome: "event", mapping: result.event.mapping };
  const { kind, code, reason, mapping } = result;
  if (code === "mapping_unknown_shape") return { outcome: "unknown", code, keys: keysOf(record) };
  return { outcome: kind, code, reason, ...(mapping === undefined ? {} : { mapping }) };
}

function nameOf({ outcome, mapping, code, reason, keys }: Fate): string {
  return [outcome, mapping, code, reason, keys].join("\0");
}

function keysOf(record: SourceRecord | undefined): string {
  if (record?.kind !== "document") return "";
  const keys = Object.keys(record.document).sort();
  return keys.length > maxKeys ? `${keys.slice(0, maxKeys).join(", ")}, …` : keys.join(", ");
}

function exampleOf(result: Result, record: SourceRecord | undefined): CoverageExample {
  const [first] = result.records;
  const place = { container: first?.container ?? "", id: first?.id ?? "" };
  if (result.kind === "event") return { ...place, text: result.event.text };
  if (record === undefined) return place;
  const text = record.kind === "document" ? jsonText(record.document) : record.excerpt;
  return { ...place, document: text.slice(0, maxExcerptChars) };
}

function countGaps(row: Row, event: { sessionKeyFrom: string; timeMs?: number; incomplete?: boolean }): void {
  if (event.sessionKeyFrom.startsWith("fallback:")) row.withoutSession = (row.withoutSession ?? 0) + 1;
  if (event.timeMs === undefined) row.withoutTime = (row.withoutTime ?? 0) + 1;
  if (event.incomplete === true) row.incomplete = (row.incomplete ?? 0) + 1;
}

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Document } from "../sdk/document.ts";
import { isObject } from "./compile-path.ts";
import { createNormalizer } from "./create-normalizer.ts";
import type { Mapping } from "./mapping-schema.ts";
import type { Readers } from "./renderer.ts";
import type { Result } from "./result.ts";

const object = z.record(z.string(), z.unknown());

/**
 * Golden pairs of a mapping: documents with the results they must give, each a row of an event's fields or
 * `{skipped: code}`, `{rejected: code}`; and documents it must leave alone.
 */
export const samplesSchema = z.strictObject({
  /** For editors. */
  $schema: z.string().optional(),
  /** The index, stream or file the documents are said to come from. */
  container: z.string().optional(),
  matches: z.array(z.strictObject({ documents: z.array(object).min(1), results: z.array(object).min(1) })).min(1),
  near_misses: z.array(object).default([]),
});
export type Samples = z.infer<typeof samplesSchema>;

/** Something a sample says that is not so. */
export interface SampleDifference {
  /** `matches.0.results.1.text`, `near_misses.2`. */
  readonly at: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

interface Setting {
  /** All mappings of a run, the tested one among them: what takes a document depends on the others. */
  readonly mappings: readonly Mapping[];
  readonly readers: Readers;
}

/** Runs the samples of a mapping; every difference between what they say and what is. */
export function checkSamples(mapping: Mapping, samples: Samples, setting: Setting): SampleDifference[] {
  const { container = "sample", matches, near_misses: nearMisses } = samples;
  const pairs = matches.flatMap(({ documents, results }, index) => {
    const rows = normalizeSample(documents, container, setting).map(rowOf);
    return compareRows(results, rows, `matches.${index}.results`);
  });
  const id = `${mapping.name}@${mapping.version}`;
  const misses = nearMisses.flatMap((document, index) => {
    const taken = normalizeSample([document], container, setting).filter((result) => takerOf(result) === id);
    const [first] = taken;
    const at = `near_misses.${index}`;
    return first === undefined ? [] : [{ at, expected: "left alone", actual: rowOf(first) }];
  });
  return [...pairs, ...misses];
}

/** The results of documents that come one after the other, with explanations. */
export function normalizeSample(documents: readonly Document[], container: string, setting: Setting): Result[] {
  const normalizer = createNormalizer({ ...setting, source: "sample", explain: true });
  const records = documents.map((document, index) => {
    return { kind: "document" as const, document, container, id: `line:${index + 1}`, sequence: index + 1 };
  });
  return [...normalizer.normalize(records), ...normalizer.flush()];
}

/** A result as a flat row, so that a sample lists only what it is about. */
function rowOf(result: Result): Record<string, unknown> {
  if (result.kind === "event") {
    const { event } = result;
    return { ...event, incomplete: event.incomplete === true, document: event.origin.document };
  }
  return { [result.kind]: result.code, field: result.field };
}

function takerOf(result: Result): string | undefined {
  const took = result.explanation?.tried.find(({ outcome }) => outcome.startsWith("took"));
  return took?.mapping;
}

function compareRows(expected: readonly Document[], actual: readonly Document[], at: string): SampleDifference[] {
  const differences = expected.flatMap((row, index) => compareRow(row, actual[index], `${at}.${index}`));
  for (let index = expected.length; index < actual.length; index += 1) {
    differences.push({ at: `${at}.${index}`, expected: undefined, actual: actual[index] });
  }
  return differences;
}

/** Where one is an event and the other is not, that alone is told. */
function compareRow(expected: Document, actual: Document | undefined, at: string): SampleDifference[] {
  if (actual === undefined || endOf(expected) !== endOf(actual)) return [{ at, expected, actual: shortRow(actual) }];
  return compareValue(expected, actual, at);
}

function endOf(row: Document): string {
  return Object.hasOwn(row, "skipped") ? "skipped" : Object.hasOwn(row, "rejected") ? "rejected" : "event";
}

function shortRow(row: Document | undefined): Document | undefined {
  return row === undefined || endOf(row) !== "event" ? row : { text: row["text"], mapping: row["mapping"] };
}

/** An object needs what it names and may hold more; everything else must be equal. */
function compareValue(expected: unknown, actual: unknown, at: string): SampleDifference[] {
  if (!isObject(expected) || !isObject(actual)) {
    return isDeepStrictEqual(expected, actual) ? [] : [{ at, expected, actual }];
  }
  return Object.entries(expected).flatMap(([key, value]) => compareValue(value, actual[key], `${at}.${key}`));
}

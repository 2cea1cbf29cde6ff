import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document } from "../../src/sdk/document.ts";

const root = path.resolve(import.meta.dirname, "../..");
const mappings = loadMappings(path.join(root, "mappings"));
const object = z.record(z.string(), z.unknown());
const samplesSchema = z.strictObject({
  matches: z.array(z.strictObject({ documents: z.array(object).min(1), results: z.array(object).min(1) })).min(3),
  near_misses: z.array(object).min(1),
});

function normalizeAll(documents: readonly Document[]): Result[] {
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "test", explain: true });
  const records = documents.map((document, index) => ({
    kind: "document" as const,
    document,
    container: "sample",
    id: `line:${index + 1}`,
    sequence: index + 1,
  }));
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

describe("mapping samples", () => {
  it("exist for every mapping", () => {
    const files = readdirSync(path.join(import.meta.dirname, "mapping")).sort();
    expect(files).toEqual(mappings.map((mapping) => `${mapping.name}.yaml`).sort());
  });

  for (const { name, version } of mappings) {
    const samples = samplesSchema.parse(
      parse(readFileSync(path.join(import.meta.dirname, "mapping", `${name}.yaml`), "utf8")),
    );

    it.each(samples.matches.map((sample, index) => ({ ...sample, index })))(
      `${name} reads sample $index as written beside it`,
      ({ documents, results }) => {
        const rows = normalizeAll(documents).map(rowOf);
        expect(rows).toHaveLength(results.length);
        for (const [index, expected] of results.entries()) expect(rows[index]).toMatchObject(expected);
      },
    );

    it(`${name} leaves its near misses alone`, () => {
      for (const document of samples.near_misses) {
        for (const result of normalizeAll([document])) {
          const took = result.explanation?.tried.find((trial) => trial.outcome === "took")?.mapping;
          expect(took, JSON.stringify(document)).not.toBe(`${name}@${version}`);
        }
      }
    });
  }
});

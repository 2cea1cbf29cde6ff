import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { parseMapping } from "../../src/normalize/load-mappings.ts";
import { createNormalizeStage } from "../../src/pipeline/normalize-stage.ts";
import type { DeadLetter } from "../../src/sdk/dead-letter.ts";
import type { Batch } from "../../src/sdk/source.ts";
import { createCounts } from "../../src/telemetry/signals.ts";

const list = parseMapping(
  "name: list\nversion: 1\ntitle: A list\nprecedence: 1\nrecognise: { all: [{ field: items, type: array }] }\nunwrap: { items: items }\n",
  "list.yaml",
);

async function deadLettersOf(items: readonly unknown[]): Promise<readonly DeadLetter[]> {
  const normalizer = createNormalizer({ mappings: [list], readers: builtInReaders, source: "s" });
  const batch: Batch = {
    records: [{ kind: "document", document: { items }, container: "a", id: "line:1", sequence: 0 }],
    cursor: "1",
  };
  const found: DeadLetter[] = [];
  async function* batches(): AsyncGenerator<Batch> {
    yield batch;
  }
  for await (const { deadLetters } of createNormalizeStage({
    normalizer,
    source: { name: "s" },
    counts: createCounts(),
  }).normalizeAll(batches())) {
    found.push(...deadLetters);
  }
  return found;
}

describe("the dead letters of one record", () => {
  it("have an id each, also where several items fail for the same reason", async () => {
    const letters = await deadLettersOf([1, 2, { a: 1 }, { b: 2 }]);
    expect(letters.map(({ code }) => code)).toEqual([
      ...["envelope_item_invalid", "envelope_item_invalid", "mapping_unknown_shape", "mapping_unknown_shape"],
    ]);
    expect(new Set(letters.map(({ id }) => id)).size).toBe(4);
  });

  it("have the same ids in every run", async () => {
    expect(await deadLettersOf([1, { a: 1 }])).toEqual(await deadLettersOf([1, { a: 1 }]));
  });
});

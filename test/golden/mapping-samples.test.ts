import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { checkSamples, samplesSchema } from "../../src/normalize/check-samples.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";

const root = path.resolve(import.meta.dirname, "../..");
const mappings = loadMappings(path.join(root, "mappings"));

describe("mapping samples", () => {
  it("exist for every mapping", () => {
    const files = readdirSync(path.join(import.meta.dirname, "mapping")).sort();
    expect(files).toEqual(mappings.map((mapping) => `${mapping.name}.yaml`).sort());
  });

  it.each(mappings.map((mapping) => ({ mapping, name: mapping.name })))(
    "$name reads its samples as written beside them, and leaves its near misses alone",
    ({ mapping, name }) => {
      const text = readFileSync(path.join(import.meta.dirname, "mapping", `${name}.yaml`), "utf8");
      const samples = samplesSchema.parse(parse(text));
      expect(samples.matches.length).toBeGreaterThanOrEqual(3);
      expect(samples.near_misses.length).toBeGreaterThanOrEqual(1);
      expect(checkSamples(mapping, samples, { mappings, readers: builtInReaders })).toEqual([]);
    },
  );
});

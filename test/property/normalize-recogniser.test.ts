import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { interpretCondition } from "../../src/normalize/interpret-condition.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Condition, Mapping } from "../../src/normalize/mapping-schema.ts";
import { createRecogniser, inOrder } from "../../src/normalize/recogniser.ts";
import type { Document } from "../../src/sdk/document.ts";
import { putField } from "./put-field.ts";

const samplesSchema = z.object({
  matches: z.array(z.object({ documents: z.array(z.record(z.string(), z.unknown())) })),
});
const bundled = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));
const container = "logs-x-default";

/** Some two hundred mappings: the bundled ones, and each again with the values it asks for changed. */
const many = [0, 1, 2, 3, 4].flatMap((copy) => bundled.map((mapping) => vary(mapping, copy)));

function vary(mapping: Mapping, copy: number): Mapping {
  if (copy === 0) return mapping;
  return { ...mapping, name: `${mapping.name}-${copy}`, recognise: varyCondition(mapping.recognise, copy) };
}

function varyCondition(condition: Condition, copy: number): Condition {
  const { equals, all, any, none } = condition;
  return {
    ...condition,
    ...(equals === undefined ? {} : { equals: `${equals}-${copy}` }),
    ...(all === undefined ? {} : { all: all.map((part) => varyCondition(part, copy)) }),
    ...(any === undefined ? {} : { any: any.map((part) => varyCondition(part, copy)) }),
    ...(none === undefined ? {} : { none: none.map((part) => varyCondition(part, copy)) }),
  };
}

function testsOf(condition: Condition): Condition[] {
  const { all = [], any = [], none = [] } = condition;
  const inner = [...all, ...any, ...none].flatMap(testsOf);
  return condition.field === undefined ? inner : [condition, ...inner];
}

/** The documents of the golden samples. */
const samples = bundled.flatMap(({ name }) => {
  const file = path.resolve(import.meta.dirname, "../golden/mapping", `${name}.yaml`);
  if (!existsSync(file)) return [];
  return samplesSchema.parse(parse(readFileSync(file, "utf8"))).matches.flatMap((match) => match.documents);
});

const tests = many.flatMap((mapping) => testsOf(mapping.recognise));
const fields = [...new Set(tests.flatMap((test) => test.field ?? []))];
const values = [
  ...new Set(
    tests.flatMap(({ equals, in: list = [], prefix = [], contains }) => [equals, list, prefix, contains].flat()),
  ),
].map(String);

const leaf = fc.oneof(
  fc.constantFrom(...values),
  fc.constantFrom(...values).map((value) => `${value}x`),
  fc.constantFrom(null, 5, true, "", {}, []),
);
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
const field = fc.record({ name: fc.constantFrom(...fields), nestedTo: fc.nat(8), value });
const documents = fc.array(field, { maxLength: 10 }).map((list) => {
  const document: Record<string, unknown> = {};
  for (const one of list) putField(document, one.name, one.nestedTo, one.value);
  return document;
});

function holds({ mapping }: { readonly mapping: Mapping }, document: Document): boolean {
  return interpretCondition(mapping.recognise, document);
}

describe("recogniser", () => {
  const takers = many.map((mapping) => ({ mapping }));
  const ordered = inOrder(takers, container);

  it("leaves out no mapping that recognises a document, and keeps the order", () => {
    const recogniser = createRecogniser(takers);
    fc.assert(
      fc.property(documents, (document) => {
        const names = recogniser
          .candidates(document, container)
          .filter((one) => holds(one, document))
          .map(({ mapping }) => mapping.name);
        expect(names).toEqual(ordered.filter((one) => holds(one, document)).map(({ mapping }) => mapping.name));
      }),
      { numRuns: 1500 },
    );
  });

  it("tests few of the bundled mappings in vain before it comes to the one that reads a document", () => {
    const recogniser = createRecogniser(bundled.map((mapping) => ({ mapping })));
    const inVain = samples.map((document) => {
      const candidates = recogniser.candidates(document, container);
      const found = candidates.findIndex((one) => holds(one, document));
      return found < 0 ? candidates.length : found;
    });
    expect(inVain.length).toBeGreaterThan(30);
    expect(inVain.reduce((sum, count) => sum + count, 0) / inVain.length).toBeLessThan(4);
  });
});

import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { compileCondition } from "../../src/normalize/compile-condition.ts";
import { compileMapping } from "../../src/normalize/compile-mapping.ts";
import { compilePath, isObject } from "../../src/normalize/compile-path.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { interpretCondition, interpretPath } from "../../src/normalize/interpret-condition.ts";
import { interpretMapping } from "../../src/normalize/interpret-mapping.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Mapping } from "../../src/normalize/mapping-schema.ts";
import type { Document } from "../../src/sdk/document.ts";
import { putField } from "./put-field.ts";

const mappings = loadMappings(path.resolve(import.meta.dirname, "../../mappings"));

/** Every string a mapping names as a path, prefix or value: documents made of them reach deep. */
const words = [...new Set(wordsIn(mappings))];
const paths = words.filter((word) => /^[@\w/-]+(\.[\w/-]+){0,7}$/.test(word));

function wordsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(wordsIn);
  return isObject(value) ? Object.values(value).flatMap(wordsIn) : [];
}

const leaf = fc.oneof(
  fc.constantFrom(...words),
  fc.string(),
  fc.constantFrom(
    "",
    " ",
    "2026-01-02T03:04:05.678Z",
    "0001-01-01T00:00:00Z",
    "unset",
    "{",
    '{"command":"id"}',
    "type=X msg=audit(1.2:3): a=b",
  ),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const value = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 4 }),
  fc.array(fc.dictionary(fc.string(), leaf), { maxLength: 2 }),
  fc.dictionary(fc.string(), leaf, { maxKeys: 3 }),
);

/** Sets a path in a document, nested down to a random depth and dotted from there. */
const field = fc.record({ path: fc.constantFrom(...paths), nestedTo: fc.nat(8), value });
const shaped = fc.array(field, { maxLength: 14 }).map((fields): Document => {
  const document: Record<string, unknown> = {};
  for (const one of fields) putField(document, one.path, one.nestedTo, one.value);
  return document;
});
const arbitrary = fc.oneof(
  { weight: 4, arbitrary: shaped },
  fc.dictionary(
    fc.oneof(fc.constantFrom(...paths, "__proto__", "constructor"), fc.string()),
    fc.jsonValue({ maxDepth: 5 }),
  ),
);

/** The mappings that hold something between documents, and what leads to them: few, since each restart compiles them. */
const remembering = mappings.filter(
  ({ name, reader, collapse }) => reader !== undefined || collapse !== undefined || name === "json-text",
);

const line = fc
  .record({ type: fc.constantFrom("SYSCALL", "EXECVE", "PROCTITLE", "EOE"), serial: fc.nat(3) })
  .map(({ type, serial }) => `type=${type} msg=audit(1767323045.${serial}:${serial}): argc=1 a0="id" syscall=59`);
const stage = fc
  .record({ auditID: fc.constantFrom("a", "b"), stage: fc.constantFrom("ResponseStarted", "ResponseComplete") })
  .map((of): Document => ({ ...of, verb: "get", requestReceivedTimestamp: "2026-01-02T03:04:05Z" }));

/** Documents that belong together more often than not. */
const partOfEvent = fc.oneof(
  line.map((message): Document => ({ message })),
  stage,
  stage.map((document): Document => ({ message: JSON.stringify(document) })),
  arbitrary,
);

describe("compiled mappings", () => {
  it("find a field wherever the oracle finds it", () => {
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(...paths), (document, name) => {
        expect(compilePath(name)(document)).toEqual(interpretPath(name, document));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(mappings.map((mapping): [string, Mapping] => [mapping.name, mapping]))(
    "%s reads any document as the interpreter does",
    (_, mapping) => {
      const compiled = compileMapping(mapping, builtInReaders);
      const recognises = compileCondition(mapping.recognise);
      fc.assert(
        fc.property(arbitrary, (document) => {
          expect(recognises(document)).toBe(interpretCondition(mapping.recognise, document));
          expect(compiled.read(document)).toEqual(interpretMapping(mapping, document, builtInReaders));
        }),
        { numRuns: 150 },
      );
    },
  );

  it("never throw, and lose no record, whatever the documents hold", () => {
    const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
    fc.assert(
      fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 8 }), (documents) => {
        const records = documents.map((document, index) => ({
          kind: "document" as const,
          document,
          container: "f",
          id: `line:${index}`,
          sequence: index,
        }));
        const results = [...normalizer.normalize(records), ...normalizer.flush()];
        const seen = new Set(results.flatMap((result) => result.records.map((record) => record.id)));
        expect(records.every((record) => seen.has(record.id))).toBe(true);
        expect(results.filter((result) => result.kind !== "event" && result.code === "mapping_failed")).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it("give the same results when stopped and restored between any two batches", () => {
    const create = () => createNormalizer({ mappings: remembering, readers: builtInReaders, source: "file" });
    fc.assert(
      fc.property(fc.array(fc.array(partOfEvent, { maxLength: 4 }), { maxLength: 5 }), (batches) => {
        const straight = create();
        let stopped = create();
        let sequence = 0;
        for (const batch of batches) {
          const records = batch.map((document) => ({
            kind: "document" as const,
            document,
            container: "f",
            id: `line:${sequence}`,
            sequence: sequence++,
          }));
          const expected = outline(straight.normalize(records));
          expect(outline(stopped.normalize(records))).toEqual(expected);
          const state = stopped.state();
          stopped = create();
          stopped.restore(state);
        }
        expect(outline(stopped.flush())).toEqual(outline(straight.flush()));
      }),
      { numRuns: 120 },
    );
  });
});

/** Results as JSON, positions alone: a live record carries its document, a restored one does not. */
function outline(results: ReturnType<ReturnType<typeof createNormalizer>["flush"]>): string[] {
  return results.map((result) =>
    JSON.stringify({
      ...result,
      records: result.records.map(({ container, id, sequence }) => ({ container, id, sequence })),
    }),
  );
}

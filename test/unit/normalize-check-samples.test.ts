import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { checkSamples, samplesSchema } from "../../src/normalize/check-samples.ts";
import { createCoverageCounter } from "../../src/normalize/count-coverage.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { parseMapping } from "../../src/normalize/load-mappings.ts";
import type { SourceRecord } from "../../src/sdk/document.ts";

const mapping = parseMapping(
  `name: app
version: 2
title: App
precedence: 5
recognise: { field: app, exists: true }
skip:
  - { when: { field: kind, equals: stat }, code: not_execution, reason: Nothing ran. }
text: [cmd]
time: [{ field: at, format: epoch_ms }]
session: [{ fields: [login] }]`,
  "app.yaml",
);
const setting = { mappings: [mapping], readers: builtInReaders };

function check(samples: object) {
  return checkSamples(mapping, samplesSchema.parse(samples), setting);
}

describe("samples of a mapping", () => {
  it("pass when every result holds what the sample names", () => {
    const matches = [
      { documents: [{ app: 1, cmd: "id", login: "a" }], results: [{ text: "id", sessionKeyFrom: "login" }] },
      {
        documents: [{ app: 1, kind: "stat" }, { app: 1 }],
        results: [{ skipped: "not_execution" }, { rejected: "mapping_text_missing" }],
      },
    ];
    expect(check({ matches, near_misses: [{ cmd: "id" }] })).toEqual([]);
  });

  it("tell of an event that was skipped, and the reverse, as one difference", () => {
    const matches = [
      { documents: [{ app: 1, kind: "stat" }], results: [{ text: "id", platform: "linux" }] },
      { documents: [{ app: 1, cmd: "id" }], results: [{ skipped: "not_execution" }] },
    ];
    expect(check({ matches, near_misses: [] })).toEqual([
      { at: "matches.0.results.0", expected: matches[0]?.results[0], actual: { skipped: "not_execution" } },
      { at: "matches.1.results.0", expected: matches[1]?.results[0], actual: { text: "id", mapping: "app@2" } },
    ]);
  });

  it("name each difference, each result too many or missing, and each near miss that was taken", () => {
    const matches = [
      { documents: [{ app: 1, cmd: "id" }], results: [{ text: "ls", origin: { document: "line:2" } }] },
      {
        documents: [
          { app: 1, kind: "stat" },
          { app: 1, kind: "stat" },
        ],
        results: [{ skipped: "not_execution" }],
      },
      { documents: [{ app: 1, kind: "stat" }], results: [{ skipped: "not_execution" }, { text: "id" }] },
    ];
    expect(check({ matches, near_misses: [{ cmd: "id" }, { app: 1, kind: "stat" }] })).toMatchObject([
      { at: "matches.0.results.0.text", expected: "ls", actual: "id" },
      { at: "matches.0.results.0.origin.document", expected: "line:2", actual: "line:1" },
      { at: "matches.1.results.1", expected: undefined, actual: { skipped: "not_execution" } },
      { at: "matches.2.results.1", expected: { text: "id" }, actual: undefined },
      { at: "near_misses.1", expected: "left alone" },
    ]);
  });
});

describe("coverage of a sample", () => {
  it("counts documents by mapping and fate, with gaps and the first of each as example", () => {
    const documents = [
      { app: 1, cmd: "id", at: 1767323045678, login: 7 },
      { app: 1, cmd: "ls" },
      { app: 1, kind: "stat" },
      { b: 1, a: 2 },
      { a: 5, b: {} },
      { c: 1 },
      { app: 1 },
    ];
    const records = documents.map((document, index): SourceRecord => {
      return { kind: "document", document, container: "f", id: `line:${index + 1}`, sequence: index };
    });
    const counter = createCoverageCounter();
    const normalizer = createNormalizer({ ...setting, source: "file" });
    for (const [index, result] of normalizer.normalize(records).entries()) counter.add(result, records[index]);
    expect(counter.rows()).toEqual([
      {
        outcome: "event",
        mapping: "app@2",
        count: 2,
        withoutSession: 1,
        withoutTime: 1,
        example: { container: "f", id: "line:1", text: "id" },
      },
      {
        outcome: "unknown",
        code: "mapping_unknown_shape",
        keys: "a, b",
        count: 2,
        example: { container: "f", id: "line:4", document: '{"b":1,"a":2}' },
      },
      expect.objectContaining({
        outcome: "skipped",
        mapping: "app@2",
        code: "not_execution",
        reason: "Nothing ran.",
        count: 1,
      }),
      expect.objectContaining({ outcome: "unknown", keys: "c", count: 1 }),
      expect.objectContaining({ outcome: "rejected", mapping: "app@2", code: "mapping_text_missing", count: 1 }),
    ]);
  });

  it("keeps no more kinds of unknown documents than a report can show", () => {
    const counter = createCoverageCounter();
    for (let index = 0; index < 1000; index += 1) {
      const record: SourceRecord = {
        kind: "document",
        document: { [`k${index}`]: 1 },
        container: "f",
        id: `${index}`,
        sequence: index,
      };
      counter.add({ kind: "rejected", code: "mapping_unknown_shape", reason: "", records: [record] }, record);
    }
    expect(counter.rows()).toHaveLength(201);
    expect(counter.rows()[0]).toMatchObject({ count: 800, keys: "other names" });
  });
});

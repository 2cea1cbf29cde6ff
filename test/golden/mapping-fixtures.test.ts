import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { isObject } from "../../src/normalize/compile-path.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import { parseJson } from "../../src/normalize/parse-json.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document, SourceRecord } from "../../src/sdk/document.ts";

const root = path.resolve(import.meta.dirname, "../..");
const fixtures = path.resolve(root, "../shared/data/fixtures");

/** Text files beside the samples are source code and notes. */
function isSample(name: string): boolean {
  return /\.(json|ndjson|log)$/.test(name) || /^auditd_raw.*laurel.*record-.*\.txt$/.test(name);
}

function documentsIn(file: string): Document[] {
  const text = readFileSync(file, "utf8");
  if (/\.(log|txt)$/.test(file))
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((message) => ({ message }));
  const whole = parseJson(text);
  const values = whole === undefined ? text.split("\n").map(parseJson) : Array.isArray(whole) ? whole : [whole];
  return values.filter(isObject);
}

function tally(counts: Map<string, number>, result: Result): void {
  const name =
    result.kind === "event"
      ? `event ${result.event.mapping}`
      : `${result.kind} ${result.code} ${result.mapping ?? "-"}`;
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

describe("mappings on real documents", () => {
  it.skipIf(!existsSync(fixtures))(
    "gives every fixture document an event, a skip or a rejection (needs ../shared/data/fixtures)",
    () => {
      const mappings = loadMappings(path.join(root, "mappings"));
      const files = readdirSync(fixtures, { recursive: true, encoding: "utf8" })
        .filter((name) => isSample(name))
        .sort();
      const folders = new Map<string, Map<string, number>>();
      for (const file of files) {
        const records = documentsIn(path.join(fixtures, file)).map(
          (document, index): SourceRecord => ({
            kind: "document",
            document,
            container: file,
            id: `line:${index + 1}`,
            sequence: index + 1,
          }),
        );
        const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
        const results = [...normalizer.normalize(records), ...normalizer.flush()];
        const seen = new Set(results.flatMap((result) => result.records.map((record) => record.id)));
        expect(
          records.filter((record) => !seen.has(record.id)),
          file,
        ).toEqual([]);
        const folder = file.split(path.sep)[0] ?? "";
        const counts = folders.get(folder) ?? new Map<string, number>();
        for (const result of results) tally(counts, result);
        folders.set(folder, counts);
      }
      const rows = [...folders].flatMap(([folder, counts]) =>
        [...counts].sort().map(([outcome, count]) => `${folder.padEnd(22)}${String(count).padStart(6)}  ${outcome}`),
      );
      console.log(rows.join("\n"));
      expect(folders.size).toBeGreaterThan(10);
    },
  );
});

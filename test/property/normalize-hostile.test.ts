import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { samplesSchema } from "../../src/normalize/check-samples.ts";
import { isObject } from "../../src/normalize/compile-path.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import { compileRedactor } from "../../src/normalize/redact/redact-text.ts";
import { loadRedactionRules } from "../../src/normalize/redact/redaction-rules.ts";
import type { Document } from "../../src/sdk/document.ts";
import { parseExactJson } from "../../src/sdk/parse-exact-json.ts";

const root = path.resolve(import.meta.dirname, "../..");
const mappings = loadMappings(path.join(root, "mappings"));
const redact = compileRedactor(loadRedactionRules(path.join(root, "schema", "redaction.yaml")));
/** Milliseconds of one hostile document; a search that goes back over its text would take minutes. */
const maxMs = 3_000;

const documents = mappings.flatMap(({ name }) => {
  const file = path.join(root, "test", "golden", "mapping", `${name}.yaml`);
  if (!existsSync(file)) return [];
  return samplesSchema.parse(parse(readFileSync(file, "utf8"))).matches.flatMap((match) => match.documents);
});

const deep = `${"[".repeat(10_000)}1${"]".repeat(10_000)}`;
const deepObject = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
const long = 1_000_000;
/** JSON texts of values that have no place anywhere. */
const hostile: readonly string[] = [
  deep,
  deepObject,
  JSON.stringify(deep),
  JSON.stringify(deepObject),
  `{${JSON.stringify("k".repeat(long))}:1}`,
  '{"__proto__":{"text":"x"},"constructor":{"prototype":{"y":1}},"toString":1,"hasOwnProperty":null}',
  '"\\ud800"',
  '["\\udfff","\\ud83d"]',
  "123456789012345678901234567890",
  "1e400",
  "-0",
  `"${"a".repeat(long)}!"`,
  `"${" ".repeat(long)}"`,
  `"${"a=".repeat(long / 2)}"`,
  `"${"type=EXECVE msg=audit(1.2:3): a0=".repeat(long / 40)}"`,
  `"${"%2".repeat(long / 2)}"`,
  `"${"<a>".repeat(long / 3)}"`,
  `"${'\\"'.repeat(long / 2)}"`,
  `"${"\\n".repeat(long / 2)}"`,
  `[${"null,".repeat(100_000)}1]`,
  `[${"{},".repeat(100_000)}1]`,
  '"\\u0000"',
];

/** One for all: what a hostile document leaves behind must not harm the next. */
const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "test" });

/** Reads one record as a source would, and everything that is still open; the results and how long it took. */
function readText(text: string) {
  const start = performance.now();
  const document: unknown = parseExactJson(text);
  const record = {
    kind: "document" as const,
    document: isObject(document) ? document : { message: document },
    container: "c",
    id: "line:1",
    sequence: 1,
  };
  const results = [...normalizer.normalize([record]), ...normalizer.flush()];
  for (const result of results) {
    if (result.kind === "event") redact(result.event.text);
    else if (result.code === "mapping_failed") throw new Error(`${result.reason} on ${text.slice(0, 500)}`);
  }
  JSON.parse(normalizer.state());
  return { results, tookMs: performance.now() - start };
}

/** The JSON text of a document with the value at one place replaced by a JSON text. */
function withValueAt(document: Document, place: number, value: string): string {
  let at = -1;
  const marked = JSON.stringify(document, (_, inner: unknown) => {
    at += 1;
    return at === place + 1 ? "\u0001hostile\u0001" : inner;
  });
  return marked.replace('"\\u0001hostile\\u0001"', () => value);
}

function placesIn(document: Document): number {
  let count = -1;
  JSON.stringify(document, (_, inner: unknown) => {
    count += 1;
    return inner;
  });
  return count;
}

describe("hostile documents", () => {
  it.each(hostile.map((value, index) => ({ index, value, shown: value.slice(0, 40) })))(
    "end in a result, in time, with $shown in any place of the samples",
    ({ index, value }) => {
      const heavy = value.length > 100_000;
      fc.assert(
        fc.property(
          fc.constantFrom(...documents),
          fc.double({ min: 0, max: 0.999, noNaN: true }),
          (document, share) => {
            const place = Math.floor(share * placesIn(document));
            const { results, tookMs } = readText(withValueAt(document, place, value));
            expect(results.length).toBeGreaterThan(0);
            expect(tookMs).toBeLessThan(maxMs);
          },
        ),
        { numRuns: heavy ? 40 : 150, seed: index },
      );
    },
  );

  it("end in a result when the whole document is hostile", () => {
    for (const value of hostile) {
      for (const text of [
        value,
        `{"message":${value}}`,
        `{"log":${value}}`,
        `{"process":${value},"event":{"module":"endpoint"}}`,
      ]) {
        expect(readText(text).results.length, value.slice(0, 40)).toBeGreaterThan(0);
      }
    }
  });

  it("leave no trace on what comes after them", () => {
    readText('{"__proto__":{"cmdline":"id"},"command":"ls","constructor":{"prototype":{"polluted":1}}}');
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect("polluted" in {}).toBe(false);
    const [result] = readText('{"__proto__":{"cmdline":"id"},"command":"ls"}').results;
    expect(result?.kind === "event" ? result.event.text : result?.code).toBe("ls");
  });

  it("take the last of duplicate keys, as every JSON reader here does", () => {
    const [result] = readText('{"command":"ls","command":"id"}').results;
    expect(result?.kind === "event" ? result.event.text : result?.code).toBe("id");
  });

  it("keep all digits of what identifies a session", () => {
    const [result] = readText('{"command":"ls","session_id":18446744073709551615}').results;
    expect(result?.kind === "event" ? result.event.sessionKey : "").toBe("linux||session_id|18446744073709551615");
  });
});

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { isObject } from "../../src/normalize/compile-path.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import { parseJson } from "../../src/normalize/parse-json.ts";
import type { Result } from "../../src/normalize/result.ts";
import type { Document } from "../../src/sdk/document.ts";

const root = path.resolve(import.meta.dirname, "../..");
const fixtures = path.resolve(root, "../shared/data/fixtures");
const reviewedFile = path.join(import.meta.dirname, "reviewed/k8s.yaml");
const reviewedSchema = z.record(
  z.string(),
  z.strictObject({ sha256: z.string(), outcomes: z.record(z.string(), z.number()), words: z.string() }),
);
type Reviewed = z.infer<typeof reviewedSchema>;

function files(): string[] {
  const names = readdirSync(fixtures, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
  const isAudit = /^k8s_(?!mappings)\w+\/.*\.(?:json|ndjson|log)$|^falco\/website_[01356]\.json$/;
  return names.filter((name) => isAudit.test(name)).sort();
}

/** One document, or one a line; excerpts that are no JSON hold none. */
function documentsIn(text: string): Document[] {
  const whole = parseJson(text);
  return (whole === undefined ? text.split("\n").map(parseJson) : [whole]).filter(isObject);
}

function review(text: string, mappings: ReturnType<typeof loadMappings>): Reviewed[string] {
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
  const records = documentsIn(text).map(
    (document, at) => ({ kind: "document", document, container: "k8s", id: `line:${at + 1}`, sequence: at }) as const,
  );
  const results = [...normalizer.normalize(records), ...normalizer.flush()];
  const outcomes: Record<string, number> = {};
  for (const outcome of results.map(outcomeOf)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return { sha256: hash(text), outcomes, words: hash(JSON.stringify(results.map(wordsOf))) };
}

function outcomeOf(result: Result): string {
  if (result.kind !== "event") return `${result.kind} ${result.code}`;
  return `${result.event.mapping.replace(/@.*/, "")} ${result.event.sessionKeyFrom}`;
}

/** Everything read from a document; only its hash is kept. */
function wordsOf(result: Result): unknown {
  if (result.kind !== "event") return result.code;
  const { text, sessionKey, user, host, time, facts } = result.event;
  return [text, sessionKey, user, host, time, facts];
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

describe("real Kubernetes audit documents (skipped where ../shared is absent)", () => {
  it.skipIf(!existsSync(fixtures))("give what was reviewed, file by file (UPDATE_REVIEWED=1 rewrites it)", () => {
    const mappings = loadMappings(path.join(root, "mappings"));
    const now = Object.fromEntries(
      files().map((file) => [file, review(readFileSync(path.join(fixtures, file), "utf8"), mappings)]),
    );
    if (process.env["UPDATE_REVIEWED"] === "1") writeFileSync(reviewedFile, stringify(now, { lineWidth: 120 }));
    const reviewed = reviewedSchema.parse(parse(readFileSync(reviewedFile, "utf8")));
    expect(Object.keys(now)).toEqual(Object.keys(reviewed));
    for (const [file, expected] of Object.entries(reviewed)) expect(now[file], file).toEqual(expected);
  });
});

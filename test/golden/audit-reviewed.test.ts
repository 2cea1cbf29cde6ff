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
const reviewedFile = path.join(import.meta.dirname, "reviewed/audit.yaml");
const folders = ["auditbeat", "auditd_integration", "auditd_laurel_json", "auditd_manager", "auditd_raw"];
const reviewedSchema = z.record(z.string(), z.strictObject({ sha256: z.string(), outcomes: z.array(z.string()) }));
type Reviewed = z.infer<typeof reviewedSchema>;

/** JSON, JSON lines, or lines of text, each its own document; undefined for golden files and source code. */
function documentsIn(file: string, text: string): Document[] | undefined {
  if (/\.golden$|\.yaml$|\.cpp\.txt$|README/.test(file)) return undefined;
  const lines = text.split("\n").filter((line) => line !== "");
  if (/\.(log|txt)$/.test(file)) return lines.map((message) => ({ message }));
  const whole = parseJson(text);
  return (whole === undefined ? lines.map(parseJson) : Array.isArray(whole) ? whole : [whole]).filter(isObject);
}

function resultsOf(file: string, documents: readonly Document[], mappings: ReturnType<typeof loadMappings>): Result[] {
  const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
  const records = documents.map((document, index) => {
    return {
      kind: "document",
      document,
      container: path.basename(file),
      id: `line:${index + 1}`,
      sequence: index,
    } as const;
  });
  return [...normalizer.normalize(records), ...normalizer.flush()];
}

/** What became of a document, without a word of it: the event's own words as a hash. */
function outcomeOf(result: Result): string {
  if (result.kind !== "event") return `${result.kind} ${result.code}`;
  const { mapping, sessionKeyFrom, incomplete, text, sessionKey, user, host, executable, parent, time } = result.event;
  const words = JSON.stringify([text, sessionKey, user, host, executable, parent, time]);
  const mark = incomplete === true ? " incomplete" : "";
  return `${mapping.replace(/@.*/, "")} ${sessionKeyFrom}${mark} ${hash(words).slice(0, 16)}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Equal outcomes as one, with their number. */
function counted(outcomes: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, count]) => (count === 1 ? outcome : `${outcome} x${count}`));
}

function reviewNow(): Reviewed {
  const mappings = loadMappings(path.join(root, "mappings"));
  const reviewed: Reviewed = {};
  for (const folder of folders) {
    const names = readdirSync(path.join(fixtures, folder), { recursive: true, encoding: "utf8" }).sort();
    for (const name of names.filter((one) => /\.\w+$/.test(one))) {
      const text = readFileSync(path.join(fixtures, folder, name), "utf8");
      const documents = documentsIn(name, text);
      if (documents === undefined) continue;
      const outcomes = counted(resultsOf(name, documents, mappings).map(outcomeOf));
      reviewed[`${folder}/${name}`] = { sha256: hash(text), outcomes };
    }
  }
  return reviewed;
}

describe("real audit documents (skipped where ../shared is absent)", () => {
  it.skipIf(!existsSync(fixtures))("give what was reviewed, file by file (UPDATE_REVIEWED=1 rewrites it)", () => {
    const now = reviewNow();
    if (process.env["UPDATE_REVIEWED"] === "1") writeFileSync(reviewedFile, stringify(now, { lineWidth: 120 }));
    const reviewed = reviewedSchema.parse(parse(readFileSync(reviewedFile, "utf8")));
    expect(Object.keys(now)).toEqual(Object.keys(reviewed));
    for (const [file, expected] of Object.entries(reviewed)) expect(now[file], file).toEqual(expected);
  });
});

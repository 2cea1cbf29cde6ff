import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
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
const reviewedFile = path.join(import.meta.dirname, "reviewed/sensors.yaml");
const folders =
  "cloud_defend,crowdstrike_fdr,defender_xdr,endpoint,falco,journald,osquery,sentinelone_cloudfunnel,sysmon_linux,system_auth,tetragon,tracee";
const reviewedSchema = z.record(z.string(), z.strictObject({ sha256: z.string(), outcomes: z.array(z.string()) }));
type Reviewed = z.infer<typeof reviewedSchema>;

/** A file holds one document, a list of them, the `expected` of a pipeline test, or one a line. */
function documentsIn(text: string): Document[] {
  const whole = parseJson(text);
  if (whole === undefined)
    return text
      .split("\n")
      .map((line) => parseJson(line) ?? { message: line })
      .filter(isObject);
  const list = isObject(whole) && Array.isArray(whole["expected"]) ? whole["expected"] : whole;
  return (Array.isArray(list) ? list : [list]).filter(isObject);
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

function reviewNow(): Reviewed {
  const mappings = loadMappings(path.join(root, "mappings"));
  const reviewed: Reviewed = {};
  for (const file of globSync(`{${folders}}/**/*.{json,ndjson,log}`, { cwd: fixtures }).sort()) {
    const text = readFileSync(path.join(fixtures, file), "utf8");
    const records = documentsIn(text).map((document, sequence) => {
      return {
        kind: "document",
        document,
        container: path.basename(file),
        id: `line:${sequence + 1}`,
        sequence,
      } as const;
    });
    const normalizer = createNormalizer({ mappings, readers: builtInReaders, source: "file" });
    const results = [...normalizer.normalize(records), ...normalizer.flush()];
    reviewed[file.replaceAll("\\", "/")] = { sha256: hash(text), outcomes: results.map(outcomeOf) };
  }
  return reviewed;
}

describe("real documents of sensors and logs (skipped where ../shared is absent)", () => {
  it.skipIf(!existsSync(fixtures))("give what was reviewed, file by file (UPDATE_REVIEWED=1 rewrites it)", () => {
    const now = reviewNow();
    if (process.env["UPDATE_REVIEWED"] === "1") writeFileSync(reviewedFile, stringify(now, { lineWidth: 120 }));
    const reviewed = reviewedSchema.parse(parse(readFileSync(reviewedFile, "utf8")));
    expect(Object.keys(now)).toEqual(Object.keys(reviewed));
    for (const [file, expected] of Object.entries(reviewed)) expect(now[file], file).toEqual(expected);
  });
});

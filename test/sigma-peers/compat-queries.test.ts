import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rule } from "../../src/sigma/ast.ts";
import { compatDocuments } from "../../src/sigma/backend/compat-document.ts";
import { compatQueries } from "../../src/sigma/backend/compat-query.ts";
import { isNotConvertible } from "../../src/sigma/backend/not-convertible.ts";
import { parse } from "../../src/sigma/parse/parse.ts";
import { rareRule, rareSelections } from "./compat-rules.ts";
import { activeRules, missingPeers, runPython, unpack } from "./peers.ts";

const packages = ["pysigma==1.5.1", "pysigma-backend-elasticsearch==2.1.1", "pysigma-backend-opensearch==2.0.3"];
const languages = ["lucene", "eql", "esql", "ppl"] as const;
const documents = ["dsl_lucene", "kibana_ndjson", "monitor_rule"] as const;
const missing = missingPeers();

/** What pySigma gives for a rule, by format. */
type Row = Readonly<Record<string, unknown>>;

function ruleIn(file: string): Rule {
  const document = parse(readFileSync(file, "utf8"), file).documents[0]?.document;
  if (document?.kind !== "rule") throw new Error(`${file} holds no rule.`);
  return document;
}

function ours(write: () => readonly unknown[]): unknown {
  try {
    return write();
  } catch (error) {
    if (isNotConvertible(error)) return "refused";
    throw error;
  }
}

function theirs(row: Row | undefined, format: string): unknown {
  return Array.isArray(row?.[format]) ? row[format] : "refused";
}

describe.skipIf(missing !== undefined)(
  `queries as pySigma writes them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let unpacked: ReturnType<typeof unpack> | undefined;
    const rows = new Map<string, Row>();
    const rare: string[] = [];

    beforeAll(() => {
      unpacked = unpack("rules");
      const folder = join(unpacked.folder, "rare");
      mkdirSync(folder);
      for (const [name, selections] of Object.entries(rareSelections)) {
        const file = join(folder, `${name}.yml`);
        writeFileSync(file, rareRule(name, selections));
        rare.push(file);
      }
      const folders = [...activeRules, "rare"].map((part) => join(unpacked?.folder ?? "", part));
      for (const line of runPython("convert_rules.py", packages, folders).trim().split("\n")) {
        const row: Row & { readonly file: string } = JSON.parse(line);
        rows.set(row.file, row);
      }
    }, 900_000);

    afterAll(() => unpacked?.remove());

    it.each(languages)("writes all 3,780 active rules in %s byte for byte", (target) => {
      const files = [...rows.keys()].filter((file) => !rare.includes(file));
      expect(files.length).toBe(3_780);
      for (const file of files) {
        expect(
          ours(() => compatQueries(ruleIn(file), target)),
          file,
        ).toEqual(theirs(rows.get(file), target));
      }
    });

    it.each(languages)("writes what the active rules do not use in %s byte for byte", (target) => {
      for (const file of rare) {
        expect(
          ours(() => compatQueries(ruleIn(file), target)),
          file,
        ).toEqual(theirs(rows.get(file), target));
      }
    });

    it.each(documents)("makes the same %s of all active rules, key for key", (format) => {
      for (const file of rows.keys()) {
        const expected = theirs(rows.get(file), format);
        const actual = ours(() => compatDocuments(ruleIn(file), format));
        expect(JSON.stringify(actual), file).toBe(JSON.stringify(expected));
      }
    });
  },
);

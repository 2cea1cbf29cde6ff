import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rule } from "../../src/sigma/ast.ts";
import { convertRule, type Target } from "../../src/sigma/backend/convert-rule.ts";
import type { FieldTypes } from "../../src/sigma/backend/field-types.ts";
import { compileMatcher } from "../../src/sigma/match/compile-matcher.ts";
import { parseAddress } from "../../src/sigma/match/ip-address.ts";
import { unmatchableReason } from "../../src/sigma/match/unmatchable.ts";
import { parse } from "../../src/sigma/parse/parse.ts";
import type { ServerVersion } from "../servers/server-version.ts";
import { type RunningServer, startServer } from "../servers/start-server.ts";
import { rareRule, rareSelections } from "./compat-rules.ts";
import { activeRules, missingPeers, ruleFiles, unpack } from "./peers.ts";
import { type SearchEngine, searchEngine, typesFor } from "./search-engine.ts";
import { documentsFor, type FlatDocument, seeded } from "./sigma-documents.ts";

const missing = missingPeers();

/** ES|QL gives no more rows than this. */
const maxRows = 10_000;

/** OpenSearch takes no longer text in a query_string, unless its settings say so. */
const maxText = 32_000;

/** What SigmaHQ's rules need more than a server of the tests allows, by title. */
const tooLarge = new Map([["Vulnerable Driver Load", "4,400 wildcard queries need more memory than the server has"]]);

function rulesIn(files: readonly string[]): Rule[] {
  const documents = files.map((file) => parse(readFileSync(file, "utf8"), file).documents[0]?.document);
  const rules = documents.flatMap((document) => (document?.kind === "rule" ? [document] : []));
  return rules.filter((rule) => unmatchableReason(rule) === undefined && !hasKeywords(rule));
}

/** Keywords are searched for in every field there is: hundreds here. */
function hasKeywords(rule: Rule): boolean {
  return JSON.stringify([...rule.detections.values()]).includes('"kind":"keyword"');
}

/** Rules without fields that are values in one and objects in another (`event`, `event.code`): no index holds both. */
function withoutClashes(rules: readonly Rule[]): Rule[] {
  const fields = [...typesFor(rules).fields.keys()];
  const holders = new Set(fields.filter((field) => fields.some((other) => other.startsWith(`${field}.`))));
  return rules.filter((rule) => ![...typesFor([rule]).fields.keys()].some((field) => holders.has(field)));
}

/** Keywords are looked for in the fields of the mapping; the documents have them in `message`. */
function withMessage(types: FieldTypes, rule: Rule): FieldTypes {
  return hasKeywords(rule) ? { ...types, fields: new Map([...types.fields, ["message", "keyword"]]) } : types;
}

/** What an index with these types takes: texts everywhere but in fields of numbers and addresses. */
function fitting(document: FlatDocument, types: FieldTypes): FlatDocument {
  const fields = Object.entries(document).flatMap(([field, value]): [string, string | number][] => {
    switch (types.fields.get(field)) {
      case "number":
        return typeof value === "number" ? [[field, value]] : [];
      case "date":
        return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(String(value)) ? [[field, String(value)]] : [];
      case "ip":
        return parseAddress(String(value)) === undefined ? [] : [[field, String(value)]];
      default:
        return [[field, String(value)]];
    }
  });
  return Object.fromEntries(fields);
}

const versions: readonly (readonly [ServerVersion, readonly Target[]])[] = [
  [{ product: "elasticsearch", version: "8.19.21" }, ["dsl", "lucene", "esql"]],
  [{ product: "opensearch", version: "3.4.0" }, ["dsl", "lucene"]],
];

describe.skipIf(missing !== undefined).each(versions)(
  `queries on %j${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  (version, targets) => {
    let server: RunningServer;
    let engine: SearchEngine;
    let types: FieldTypes;
    let rules: Rule[];
    let expected: number[][];

    beforeAll(async () => {
      const unpacked = unpack("rules");
      const all = rulesIn(ruleFiles(unpacked.folder, activeRules));
      unpacked.remove();
      rules = withoutClashes(all.filter((rule, index) => rule.logsource.product !== "windows" || index % 2 === 0));
      types = typesFor(rules);
      const random = seeded(7);
      const documents = rules.flatMap((rule) => documentsFor(rule, random)).map((each) => fitting(each, types));
      const matcher = compileMatcher(rules);
      expected = rules.map(() => []);
      for (const [number, document] of documents.entries()) {
        for (const rule of matcher.match(document)) expected[rule]?.push(number);
      }
      server = await startServer(version, { heap: "1g", config: ["indices.query.bool.max_clause_count: 20000"] });
      engine = searchEngine(server.url, "sigma-documents");
      await engine.load(types, documents);
    }, 600_000);

    afterAll(() => server?.stop());

    async function found(rule: Rule, target: Target, fieldTypes: FieldTypes): Promise<readonly number[] | string> {
      const conversion = convertRule(rule, { target, fidelity: "exact", fieldTypes, index: engine.index });
      if (conversion.kind === "refused") return `refused: ${conversion.reasons[0]}`;
      const numbers = new Set<number>();
      for (const query of conversion.queries) {
        if (typeof query === "string" && query.length > maxText) return "longer than OpenSearch takes by default";
        const wrapped = typeof query === "string" && target === "lucene" ? { query_string: { query } } : query;
        const hits = typeof wrapped === "string" ? await engine.esql(wrapped) : await engine.search(wrapped);
        if (typeof hits === "string") throw new Error(`${rule.metadata.title}: ${hits}`);
        for (const hit of hits) numbers.add(hit);
      }
      return [...numbers].sort((a, b) => a - b);
    }

    it.each(targets)("find with %s what the matcher finds, for every rule", async (target) => {
      let same = 0;
      for (const [index, rule] of rules.entries()) {
        const hits = expected[index] ?? [];
        if (tooLarge.has(rule.metadata.title) || (target === "esql" && hits.length > maxRows)) continue;
        const numbers = await found(rule, target, types);
        if (typeof numbers === "string") continue;
        expect(numbers, rule.metadata.title).toEqual(hits);
        same += 1;
      }
      expect(rules.length).toBeGreaterThan(2_000);
      expect(same / rules.length).toBeGreaterThan(0.98);
    });

    it("find the same for what SigmaHQ's rules do not use", async () => {
      const refused: string[] = [];
      for (const [name, selections] of Object.entries(rareSelections)) {
        const rule = parse(rareRule(name, selections)).documents[0]?.document;
        if (rule?.kind !== "rule") throw new Error(name);
        const own = withMessage(typesFor([rule]), rule);
        const random = seeded(3);
        const documents = Array.from({ length: 5 }, () => documentsFor(rule, random)).flat();
        const fit = documents.map((document) => fitting(document, own));
        await engine.load(own, fit);
        const matcher = compileMatcher([rule]);
        const hits = fit.flatMap((document, number) => (matcher.match(document).length > 0 ? [number] : []));
        for (const target of targets) {
          const numbers = await found(rule, target, own);
          if (typeof numbers === "string") refused.push(`${name} in ${target}`);
          else expect(numbers, `${name} in ${target}: ${JSON.stringify(fit)}`).toEqual(hits);
        }
      }
      const known = [
        "parts of times in lucene",
        "parts of times in esql",
        // Its letters could be digits of an address in the index's field of numbers.
        "keywords in dsl",
        "keywords in lucene",
        "keywords in esql",
        "all keywords in lucene",
        "all keywords in esql",
        "a field compared with another in lucene",
      ];
      expect(refused).toEqual(known.filter((each) => targets.some((target) => each.endsWith(` in ${target}`))));
    });
  },
);

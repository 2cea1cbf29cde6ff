import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "../../src/sigma/index.ts";
import { generateCorrelations, generateRules } from "./generated-rules.ts";
import { normalCorrelation, normalRule } from "./normal-form.ts";
import { missingPeers, runPython } from "./peers.ts";

const missing = missingPeers();

interface Pair {
  readonly text: string;
  readonly ours: unknown;
  readonly codes: readonly string[];
  readonly theirs: Parameters<typeof withoutUnread>[0];
  readonly theirError: string | undefined;
}

/** What we refuse and pySigma reads. */
const refusedByUs: ReadonlyMap<string, string> = new Map([
  ["condition_matches_none", "pySigma looks the names of conditions up when it converts a rule"],
  ["condition_unknown_selection", "pySigma looks the names of conditions up when it converts a rule"],
  ["correlation_rules_missing", "without rules there is nothing to count"],
  ["correlation_field", "a sum, average or percentile of several fields means nothing"],
  ["correlation_percentile", "pySigma misses the percentile when it converts the rule"],
  ["modifier_value", "hour: 25 never matches; a reference to a field without a name means nothing"],
  ["keyword_null", "pySigma fails on it when it converts the rule"],
]);

/** What pySigma refuses and we read: its error, and the rules it is about. */
const refusedByThem: readonly (readonly [RegExp, RegExp, string])[] = [
  [/AttributeError|valid YAML map/, /\|re/, "a number under re is read as its text"],
  [/only allowed for/, /\|(?:wide|utf16|utf16be)\|base64/, "under base64, UTF-16 holds any character"],
  [/Regular expression/, /\|expand/, "a regular expression is checked once its placeholders are filled"],
];

/** Why a pair differs on purpose, or undefined. */
function knownDifference({ text, ours, codes, theirError }: Pair): string | undefined {
  if (ours === undefined) return theirError === undefined ? refusedByUs.get(codes[0] ?? "") : "both refuse";
  if (theirError !== undefined)
    return refusedByThem.find(([error, rule]) => error.test(theirError) && rule.test(text))?.[2];
  // pySigma puts a backslash before a literal wildcard in the name of a field, and keeps fields nothing reads.
  return /fieldref[^\]}]*\\[*?]/.test(text) ? "escapes in field names" : undefined;
}

/** Fields and percentiles that the type of a correlation does not read are left out. */
function withoutUnread(their: { type?: string; test?: { fields?: unknown; percentile?: unknown } }): unknown {
  if (their.test?.fields === undefined) return their;
  const counts = their.type === "event_count" || their.type?.startsWith("temporal");
  const percentile = their.type === "value_percentile" ? their.test.percentile : null;
  return { ...their, test: { ...their.test, fields: counts ? [] : their.test.fields, percentile } };
}

describe.skipIf(missing !== undefined)(
  `generated rules as pySigma reads them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let folder = "";
    const pairs: Pair[] = [];

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "sigma-generated-"));
      const texts = [...generateRules(7, 3_000), ...generateCorrelations(7, 1_500)];
      const byFile = new Map(texts.map((text, index) => [join(folder, `${String(index).padStart(5, "0")}.yml`), text]));
      for (const [file, text] of byFile) writeFileSync(file, text);
      for (const line of runPython("dump_ast.py", ["pysigma==2.0.1"], [folder]).trim().split("\n")) {
        const { file, rules } = JSON.parse(line);
        const text = byFile.get(file) ?? "";
        const { documents, problems } = parse(text);
        const [document] = documents.map(({ document: one }) =>
          one.kind === "rule" ? normalRule(one) : one.kind === "correlation" ? normalCorrelation(one) : undefined,
        );
        const [their] = rules;
        pairs.push({
          text,
          ours: document === undefined ? undefined : JSON.parse(JSON.stringify(document)),
          codes: problems.filter(({ severity }) => severity === "error").map(({ code }) => code),
          theirs: their,
          theirError: their.refused === undefined ? undefined : `${their.refused}: ${their.message}`,
        });
      }
    }, 600_000);

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("are read alike but for known differences", () => {
      const counts = new Map<string, number>();
      for (const pair of pairs) {
        const known = knownDifference(pair) ?? "equal";
        counts.set(known, (counts.get(known) ?? 0) + 1);
        if (known !== "equal") continue;
        expect([pair.text, pair.codes, pair.theirError]).toEqual([pair.text, [], undefined]);
        expect(pair.ours, pair.text).toEqual(withoutUnread(pair.theirs));
      }
      expect(pairs).toHaveLength(4_500);
      expect(counts.get("equal")).toBeGreaterThan(1_500);
    });
  },
);

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rule } from "../../src/sigma/ast.ts";
import { compileMatcher } from "../../src/sigma/match/compile-matcher.ts";
import { interpretRule } from "../../src/sigma/match/interpret-rule.ts";
import { unmatchableReason } from "../../src/sigma/match/unmatchable.ts";
import { parse } from "../../src/sigma/parse/parse.ts";
import { activeRules, missingPeers, ruleFiles, unpack } from "./peers.ts";
import { askRsigma, missingRsigma } from "./rsigma.ts";
import { documentsFor, type FlatDocument, seeded } from "./sigma-documents.ts";

const missing = missingPeers() ?? missingRsigma();

interface Case {
  readonly file: string;
  readonly text: string;
  readonly rule: Rule;
  readonly documents: readonly FlatDocument[];
}

/** Why rsigma judges differently, by what the rule has. We follow the specification and pySigma in each. */
const differences: readonly { readonly reason: string; readonly applies: (rule: string) => boolean }[] = [
  {
    reason: "dashes of windash: rsigma lacks the en dash, em dash and bar",
    applies: (rule) => rule.includes("windash"),
  },
  { reason: "keywords: rsigma compares |all keywords otherwise", applies: (rule) => rule.includes('"keyword"') },
  { reason: "base64offset: rsigma cuts the ends otherwise", applies: (rule) => rule.includes("base64offset") },
  { reason: "a wildcard under contains, startswith or endswith is literal in rsigma", applies: hasInnerWildcard },
  { reason: "text and case beyond ASCII", applies: (rule) => /[^\p{ASCII}]/u.test(rule) },
];

function hasInnerWildcard(rule: string): boolean {
  return /"modifiers":\["(?:contains|startswith|endswith)[^\]]*\],"values":\[[^\]]*"kind":"(?:one|any)"/.test(rule);
}

describe.skipIf(missing !== undefined)(
  `matching as rsigma matches${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let cases: Case[] = [];
    let unpacked: ReturnType<typeof unpack> | undefined;

    beforeAll(() => {
      unpacked = unpack("rules");
      const random = seeded(11);
      cases = ruleFiles(unpacked.folder, activeRules).flatMap((file): Case[] => {
        const text = readFileSync(file, "utf8");
        const rule = parse(text, file).documents[0]?.document;
        if (rule?.kind !== "rule" || unmatchableReason(rule) !== undefined) return [];
        return [{ file, text, rule, documents: documentsFor(rule, random) }];
      });
    }, 600_000);

    afterAll(() => unpacked?.remove());

    it("agrees on generated documents for every rule, except for the reasons listed", () => {
      const answers = askRsigma(
        "match",
        cases.map(({ text, documents }) => ({ rule: text, events: documents })),
      );
      const reasons = new Map<string, number>();
      let asked = 0;
      let matched = 0;
      for (const [index, { file, rule, documents }] of cases.entries()) {
        const matcher = compileMatcher([rule]);
        const ours = documents.map((document) => matcher.match(document).length > 0);
        expect(ours, file).toEqual(documents.map((document) => interpretRule(rule, document)));
        asked += documents.length;
        matched += ours.filter((each) => each).length;
        const theirs = answers[index];
        if (JSON.stringify(theirs) === JSON.stringify(ours)) continue;
        const shown = JSON.stringify([...rule.detections.values()]);
        const known = differences.find(({ applies }) => applies(shown));
        expect(known?.reason, `${file}: ${JSON.stringify(theirs)} is not ${JSON.stringify(ours)}`).toBeDefined();
        reasons.set(known?.reason ?? "", (reasons.get(known?.reason ?? "") ?? 0) + 1);
      }
      console.log({ rules: cases.length, asked, matched, rulesThatDiffer: Object.fromEntries(reasons) });
      expect(asked).toBeGreaterThan(25_000);
      expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(cases.length / 20);
    });
  },
);

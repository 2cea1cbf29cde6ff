import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Detection, Item, Rule } from "../../src/sigma/ast.ts";
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

/** Why rsigma judges differently, by what the rule has. In each we follow the specification and pySigma. */
const differences: readonly { readonly reason: string; readonly applies: (items: readonly Item[]) => boolean }[] = [
  {
    reason: "rsigma's windash lacks the en dash, the em dash and the bar",
    applies: (items) => items.some(({ modifiers }) => modifiers.includes("windash")),
  },
  {
    reason: "rsigma wants all keywords in one value",
    applies: (items) => items.some(({ kind, linking }) => kind === "keyword" && linking === "all"),
  },
  {
    reason: "rsigma cuts the ends of base64offset otherwise",
    applies: (items) => items.some(({ modifiers }) => modifiers.includes("base64offset")),
  },
  {
    reason: "rsigma takes wildcards under contains, startswith and endswith for text",
    applies: (items) =>
      items.some((item) => item.modifiers.some((each) => inText.includes(each)) && item.written.some(hasWildcard)),
  },
  {
    reason: "in RE2 classes such as \\w are of ASCII, in rsigma of Unicode",
    applies: (items) =>
      items.some(({ values }) =>
        values.some((value) => value.kind === "regex" && /\\[wWdDsS]/.test(value.parts.join(""))),
      ),
  },
];

const inText = ["contains", "startswith", "endswith"];

function hasWildcard(written: Item["written"][number]): boolean {
  return typeof written === "string" && /[*?]/.test(written);
}

function itemsOf(member: Detection | Item): readonly Item[] {
  return member.kind === "detection" ? member.members.flatMap(itemsOf) : [member];
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
        const items = [...rule.detections.values()].flatMap(itemsOf);
        const known = differences.find(({ applies }) => applies(items));
        expect(known?.reason, `${file}: ${JSON.stringify(theirs)} is not ${JSON.stringify(ours)}`).toBeDefined();
        reasons.set(known?.reason ?? "", (reasons.get(known?.reason ?? "") ?? 0) + 1);
      }
      console.log({ rules: cases.length, asked, matched, rulesThatDiffer: Object.fromEntries(reasons) });
      expect(asked).toBeGreaterThan(25_000);
      expect([...reasons.values()].reduce((sum, count) => sum + count, 0)).toBeLessThan(cases.length / 20);
    });
  },
);

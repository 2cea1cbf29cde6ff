import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import type { Rule } from "../../src/sigma/ast.ts";
import { compileMatcher } from "../../src/sigma/match/compile-matcher.ts";
import { isObject } from "../../src/sigma/match/scalar.ts";
import { parse } from "../../src/sigma/parse/parse.ts";
import { activeRules, missingPeers, ruleFiles, unpack } from "./peers.ts";

const missing = missingPeers();

/** What SigmaHQ tests a rule with: how many events shall match, and the events. */
interface Sample {
  readonly id: string;
  readonly wanted: number;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** The fields of a Windows event as rules name them: what is in System and EventData, attributes by the name they have. */
function flatten(value: unknown): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  const visit = (inner: unknown, prefix: string): void => {
    if (!isObject(inner)) return;
    for (const [key, child] of Object.entries(inner)) {
      if (isObject(child)) visit(child, key === "#attributes" ? prefix : key);
      else {
        fields[key] ??= child;
        // Rules name attributes such as Provider_Name after their element.
        if (prefix !== "") fields[`${prefix}_${key}`] ??= child;
      }
    }
  };
  visit(value, "");
  return fields;
}

function samplesIn(folder: string): Sample[] {
  return globSync("**/info.yml", { cwd: folder }).flatMap((file): Sample[] => {
    const info: unknown = parseYaml(readFileSync(join(folder, file), "utf8"));
    if (!isObject(info) || !Array.isArray(info["rule_metadata"])) return [];
    const [rule]: unknown[] = info["rule_metadata"];
    const [test]: unknown[] = Array.isArray(info["regression_tests_info"]) ? info["regression_tests_info"] : [];
    const id = isObject(rule) ? String(rule["id"]) : "";
    const path = join(folder, dirname(file), `${id}.json`);
    if (!existsSync(path)) return [];
    const wanted = isObject(test) && typeof test["match_count"] === "number" ? test["match_count"] : 1;
    return [{ id, wanted, events: eventsIn(readFileSync(path, "utf8")) }];
  });
}

/** One event, a list of them, or one after the other. */
function eventsIn(text: string): Readonly<Record<string, unknown>>[] {
  const joined = `[${text.trim().replaceAll(/\}\s*\{/g, "},{")}]`;
  const parsed: unknown = JSON.parse(joined);
  return (Array.isArray(parsed) ? parsed.flat() : []).map(flatten);
}

describe.skipIf(missing !== undefined)(
  `the regression samples of SigmaHQ${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    it("match their rules as often as they shall", () => {
      const rulesUnpacked = unpack("rules");
      const samplesUnpacked = unpack("regression");
      const rules = new Map<string, Rule>();
      for (const file of ruleFiles(rulesUnpacked.folder, activeRules)) {
        const rule = parse(readFileSync(file, "utf8"), file).documents[0]?.document;
        if (rule?.kind === "rule" && rule.metadata.id !== undefined) rules.set(rule.metadata.id, rule);
      }
      const samples = samplesIn(samplesUnpacked.folder);
      const missed: string[] = [];
      let exact = 0;
      for (const { id, wanted, events } of samples) {
        const rule = rules.get(id);
        if (rule === undefined) throw new Error(`no rule ${id}`);
        const matcher = compileMatcher([rule]);
        const count = events.filter((event) => matcher.match(event).length > 0).length;
        if (count === wanted) exact += 1;
        if (count === 0) missed.push(rule.metadata.title);
      }
      rulesUnpacked.remove();
      samplesUnpacked.remove();
      console.log({ samples: samples.length, exact, missed });
      expect(samples.length).toBeGreaterThan(195);
      expect(missed.length).toBeLessThanOrEqual(1);
      expect(exact).toBeGreaterThanOrEqual(195);
    });
  },
);

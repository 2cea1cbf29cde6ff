import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "../../src/sigma/index.ts";
import { normalRule } from "./normal-form.ts";
import { activeRules, missingPeers, ruleFiles, runPython, unpack } from "./peers.ts";

const missing = missingPeers();

/** pySigma takes the legacy `timeframe` for a selection with a keyword; we warn of it and leave it out. */
function isSelection([name]: readonly [string, unknown]): boolean {
  return name !== "timeframe";
}

describe.skipIf(missing !== undefined)(
  `rules as pySigma reads them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let unpacked: ReturnType<typeof unpack> | undefined;
    const theirs = new Map<string, unknown>();

    beforeAll(() => {
      unpacked = unpack("rules");
      const folders = [...activeRules, "deprecated", "unsupported"].map((part) => join(unpacked?.folder ?? "", part));
      for (const line of runPython("dump_ast.py", ["pysigma==2.0.1"], folders).trim().split("\n")) {
        const { file, rules } = JSON.parse(line);
        for (const rule of rules) rule.detections = rule.detections?.filter(isSelection);
        theirs.set(file, JSON.parse(JSON.stringify(rules)));
      }
    }, 600_000);

    afterAll(() => unpacked?.remove());

    function ours(file: string): unknown {
      const { documents } = parse(readFileSync(file, "utf8"), file);
      const rules = documents.flatMap(({ document }) => (document.kind === "rule" ? [normalRule(document)] : []));
      // Through JSON, as theirs: undefined keys go, numbers are written alike.
      return JSON.parse(JSON.stringify(rules));
    }

    it("reads all 3,780 active rules, each as pySigma does", () => {
      const files = ruleFiles(unpacked?.folder ?? "", activeRules);
      expect(files.length).toBe(3_780);
      for (const file of files) expect(ours(file), file).toEqual(theirs.get(file));
    });

    it("refuses of the retired rules what pySigma refuses, and reads the others alike", () => {
      const files = ruleFiles(unpacked?.folder ?? "", ["deprecated", "unsupported"]);
      expect(files.length).toBeGreaterThan(250);
      for (const file of files) {
        const refused = JSON.stringify(theirs.get(file)).startsWith('[{"refused"');
        expect(ours(file), file).toEqual(refused ? [] : theirs.get(file));
      }
    });
  },
);

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { activeRules, missingPeers, ruleFiles, runPython, unpack } from "./peers.ts";

const missing = missingPeers();

describe.skipIf(missing !== undefined)(
  `the time parsing takes${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    it("is at most a fifth of pySigma's, over all rules of SigmaHQ and in a fresh process each", () => {
      const { folder, remove } = unpack("rules");
      const files = ruleFiles(folder, activeRules);
      const folders = activeRules.map((part) => join(folder, part));
      const ratios = [1, 2, 3].map(() => {
        const theirs = JSON.parse(runPython("parse_time.py", ["pysigma==2.0.1"], folders));
        const script = join(import.meta.dirname, "parse-time.ts");
        const ours = JSON.parse(
          spawnSync(process.execPath, [script], { input: files.join("\n"), encoding: "utf8" }).stdout,
        );
        expect(ours.rules).toBe(theirs.rules);
        process.stdout.write(`pySigma ${theirs.seconds.toFixed(2)} s, we ${ours.seconds.toFixed(2)} s\n`);
        return theirs.seconds / ours.seconds;
      });
      remove();
      expect(Math.min(...ratios)).toBeGreaterThan(5);
    });
  },
);

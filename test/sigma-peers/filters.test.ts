import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadCollection } from "../../src/sigma/index.ts";
import { normalRule } from "./normal-form.ts";
import { missingPeers, runPython } from "./peers.ts";

const missing = missingPeers();

const rules = `
title: A
name: a
id: 7f8a2c1e-0000-4000-8000-000000000001
logsource: {category: process_creation, product: linux}
detection: {s_1: {F: v}, s_2: {G: v}, condition: 1 of s_* or all of them}
---
title: B
name: b
logsource: {product: linux, service: sshd}
detection: {s: [one, two], condition: [s, not s]}
---
title: C
logsource: {product: windows}
detection: {s: {F: v}, condition: s}
`;

const filters = [
  "rules: [a], selection: {U: root}, condition: not selection",
  "rules: any, selection: {U: root}, condition: selection",
  "rules: any, x_1: {U: root}, x_2: [k], condition: not 1 of x_* and not (x_1 and x_2)",
  "rules: any, x_1: {U: root}, x_2: [k], condition: not all of them",
  "rules: [7f8a2c1e-0000-4000-8000-000000000001, b, nothing], x: {U: root}, condition: not x",
  "rules: nothing, x: {U: root}, condition: x",
];
const logsources = [
  "{product: linux}",
  "{product: linux, category: process_creation}",
  "{category: process_creation}",
  "{service: sshd}",
];

/** Names that filters give their selections: a prefix that pySigma draws at random, and we count. */
function unprefixed(dumped: unknown): unknown {
  return JSON.parse(JSON.stringify(dumped).replaceAll(/_filt(?:_[a-z]{10}|er\d+)_/g, "_filter_"));
}

describe.skipIf(missing !== undefined)(
  `rules as pySigma filters them${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    it("have the same selections and conditions", () => {
      const folder = mkdtempSync(join(tmpdir(), "sigma-filters-"));
      const texts = logsources.flatMap((logsource) =>
        filters.map((filter) => `${rules}---\ntitle: F\nlogsource: ${logsource}\nfilter: {${filter}}\n`),
      );
      const byFile = new Map(texts.map((text, index) => [join(folder, `${index}.yml`), text]));
      for (const [file, text] of byFile) writeFileSync(file, text);
      const lines = runPython("dump_ast.py", ["pysigma==2.0.1"], ["--filtered", ...byFile.keys()])
        .trim()
        .split("\n");
      rmSync(folder, { recursive: true, force: true });
      expect(lines).toHaveLength(texts.length);
      for (const line of lines) {
        const { file, rules: theirs } = JSON.parse(line);
        const collection = loadCollection([{ file, text: byFile.get(file) ?? "" }]);
        expect(unprefixed(collection.rules.map(normalRule)), byFile.get(file)).toEqual(unprefixed(theirs));
      }
    });
  },
);

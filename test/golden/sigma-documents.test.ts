import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "../../src/sigma/index.ts";

const folder = join(import.meta.dirname, "sigma");

/** Maps and sets as JSON, in their order. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return { map: [...value] };
  return value instanceof Set ? { set: [...value] } : value;
}

describe("golden Sigma documents", () => {
  it("are read as they were when last reviewed", () => {
    const { documents, problems } = parse(readFileSync(join(folder, "documents.yml"), "utf8"));
    expect(problems).toEqual([]);
    const read = `${JSON.stringify(documents, plain, 1)}\n`;
    const golden = join(folder, "documents.json");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, read);
    expect(JSON.parse(read)).toEqual(JSON.parse(readFileSync(golden, "utf8")));
    expect(documents.map(({ document }) => `${document.kind} ${document.metadata.title}`)).toEqual([
      "rule Every modifier",
      "rule Global",
      "rule Second",
      "correlation Many failures",
      "correlation Slow queries",
      "correlation One after the other",
      "filter Without the scanner",
    ]);
  });
});

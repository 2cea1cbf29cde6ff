import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/sigma.md"), "utf8");
const sources = globSync(["src/sigma/{parse,collection,lint,pipeline}/*.ts"], { cwd: root });

/** The functions that give a problem its code, and what may stand between. */
const inSource = [
  /\b(?:refusal|fail|fault|broken|warning|info|SyntaxFault)\(\s*"([a-z0-9_]+)"/g,
  /\b(?:refuse|warn)\([\s\S]{0,120}?"([a-z0-9]+(?:_[a-z0-9]+)+)",/g,
  /\bwrong\(\s*read,\s*(?:"[^"]*"|key),\s*"(correlation_[a-z_]+)"/g,
  /\brefuse\("(correlation_[a-z_]+)"/g,
  /\bplacedFinding\([^"]*"(?:error|warning)",\s*"([a-z_]+)"/g,
  /"((?:id|name)_taken)"/g,
  /\binvalid = "([a-z_]+)"/g,
];

function codesOf(text: string): string[] {
  return inSource.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ""));
}

function listed(): string[] {
  const problems = page.slice(page.indexOf("## Problems"));
  const cells = problems.split("\n").flatMap((line) => /^\| (`[^|]*) \|/.exec(line)?.[1] ?? []);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z0-9_]+)`/g)].map((match) => match[1] ?? ""));
}

describe("the page on Sigma", () => {
  const given = new Set(sources.flatMap((file) => codesOf(readFileSync(join(root, file), "utf8"))));

  it("lists every code of a problem", () => {
    expect(given.size).toBeGreaterThan(90);
    expect([...given].filter((code) => !listed().includes(code))).toEqual([]);
  });

  it("lists no code twice, and none that nothing gives", () => {
    expect(listed().filter((code, index, all) => all.indexOf(code) !== index)).toEqual([]);
    expect(listed().filter((code) => !given.has(code))).toEqual([]);
  });
});

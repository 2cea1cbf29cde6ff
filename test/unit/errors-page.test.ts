import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodeOf, exitCodes } from "../../src/cli/exit-code.ts";
import { TagsmithError } from "../../src/event/tagsmith-error.ts";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs", "errors.md"), "utf8");
const sourceFiles = globSync(["src/**/*.ts", "connectors/**/*.ts"], { cwd: root });
const mappingFiles = globSync("mappings/*.yaml", { cwd: root });

const word = "[a-z0-9]+(?:_[a-z0-9]+)+";
/** The forms in which the sources name a code: an error, a result's code, a refusal, a table of SQLite's codes. */
const inSource = [
  `TagsmithError\\(\\s*"(${word})"`,
  `\\bcode: "(${word})"`,
  `\\brefuse\\("\\w+", "(${word})"`,
  `\\brefused\\("(${word})"`,
  `\\bcode = [^;]*?"(${word})"`,
  `\\bcode = [^;]*? : "(${word})"`,
  `\\d+: \\["(${word})", `,
];
const inMapping = [`\\bcode: "?(${word})`];

function codesIn(files: readonly string[], forms: readonly string[]): Set<string> {
  const texts = files.map((file) => readFileSync(join(root, file), "utf8"));
  const found = texts.flatMap((text) =>
    forms.flatMap((form) => [...text.matchAll(new RegExp(form, "g"))].map((match) => match[1] ?? "")),
  );
  return new Set(found);
}

function rows(): string[][] {
  const lines = page.split("\n").filter((line) => /^\| `/.test(line));
  return lines.map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")));
}

describe("the page of errors", () => {
  const sources = codesIn(sourceFiles, inSource);
  const mappings = codesIn(mappingFiles, inMapping);
  const listed = rows().map(([, code = ""]) => code);

  it("lists every code of the sources and the mappings", () => {
    expect(sources.size).toBeGreaterThan(50);
    expect(mappings.size).toBeGreaterThan(5);
    expect([...sources, ...mappings].filter((code) => !listed.includes(code))).toEqual([]);
  });

  it("lists no code twice, and none that nothing gives", () => {
    expect(listed.filter((code, index) => listed.indexOf(code) !== index)).toEqual([]);
    expect(listed.filter((code) => !sources.has(code) && !mappings.has(code))).toEqual([]);
  });

  it("names the exit code that each error ends the process with", () => {
    const ends = rows().filter(([, , exit]) => /^\d+$/.test(exit ?? ""));
    expect(ends.length).toBeGreaterThan(30);
    const wrong = ends.filter(
      ([, code = "", exit]) => exitCodeOf(new TagsmithError(code, "", "exit")) !== Number(exit),
    );
    expect(wrong.map(([, code]) => code)).toEqual([]);
  });

  it("names every exit code", () => {
    for (const code of Object.values(exitCodes)) expect(page).toContain(`\n| ${code} | `);
  });

  it("has a meaning and an advice for every code", () => {
    for (const row of rows()) expect(row.filter((cell) => cell !== "").length, row[1]).toBeGreaterThanOrEqual(3);
  });
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadAttack } from "../../src/event/attack.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";

const schema = resolve(import.meta.dirname, "../../schema");
const known = loadAttack(join(schema, "attack.json"));

function load(value: unknown) {
  const path = join(mkdtempSync(join(tmpdir(), "tagsmith-attack-")), "attack.json");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return () => loadAttack(path);
}

describe("the table of ATT&CK techniques", () => {
  it("knows only tags of the vocabulary", () => {
    const tags = new Set(loadVocabulary(join(schema, "tags.json")).tags.map(({ id }) => id));
    expect([...known.keys()].filter((tag) => !tags.has(tag))).toEqual([]);
    expect(known.size).toBeGreaterThan(50);
  });

  it("gives a tag its technique with names and tactics", () => {
    const [shell] = known.get("spawn_reverse_shell") ?? [];
    const tactics = [{ id: "TA0002", name: "Execution" }];
    expect(shell).toEqual({ id: "T1059.004", name: "Command and Scripting Interpreter: Unix Shell", tactics });
  });

  it("refuses a technique or tactic without a name, and what is no table", () => {
    const table = { framework: "MITRE ATT&CK", tactics: {}, techniques: {}, tags: { create_user: ["T1136"] } };
    expect(load(table)).toThrow("T1136 has no name");
    const techniques = { T1136: { name: "Create Account", tactics: ["TA0003"] } };
    expect(load({ ...table, techniques })).toThrow("TA0003 has no name");
    expect(load("[]")).toThrow(/attack\.json/);
    expect(load("{")).toThrow("cannot be read as JSON");
  });
});

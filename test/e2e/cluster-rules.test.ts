import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { freshFolder, linesOf, runTagsmith, startTagsmith } from "./tagsmith-process.ts";

const folder = freshFolder("cluster-rules");
const inputs = ["one", "two"].map((name) => join(folder, `${name}.ndjson`));

function rule(title: string, start: string): string {
  return `title: ${title}\nname: ${start}\nlogsource: { product: tagsmith, category: label }\ndetection: { selection: { text|startswith: '${start}' }, condition: selection }\nlevel: high\n`;
}

const counted = `---\ntitle: Many\nlevel: high\ncorrelation: { type: event_count, rules: [uname], group-by: [user], timespan: 1h, condition: { gte: 3 }, generate: true }\n`;

interface Node {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly setRules: (text: string) => void;
}

let server: RunningRedis;
let nodes: readonly Node[];

function startNode(name: string): Node {
  const own = join(folder, name);
  const rules = join(own, "rules.yml");
  mkdirSync(own);
  const config = join(own, "tagsmith.yaml");
  const files = ["labels", "verdicts", "dead_letters"].map((output) => `${output}: ${folder}/out/${output}.ndjson`);
  const lines = [
    `source: { type: file, paths: ${JSON.stringify(inputs)}, follow: true, poll_interval_secs: 0.1 }`,
    `sink: { type: file, ${files.join(", ")} }`,
    "mappings: { reload_secs: 0.1 }",
    "label: { workers: 1, tier: fast }",
    `cluster: { redis: { redis_url: "${server.url}" }, partitions: 4, lease_ms: 2000 }`,
    `detect: { rules: [${rules}], lateness_secs: 0 }`,
  ];
  writeFileSync(config, lines.join("\n"));
  // The process looks at them at any time.
  const setRules = (text: string): void => {
    writeFileSync(`${rules}.new`, text);
    renameSync(`${rules}.new`, rules);
  };
  setRules(rule("First", "uname") + counted);
  const child = startTagsmith(["run", "--config", config]);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  return { child, said: () => said, setRules };
}

beforeAll(async () => {
  server = await startRedis();
  for (const input of inputs) writeFileSync(input, "");
  nodes = ["a", "b"].map(startNode);
});
afterAll(async () => {
  for (const { child } of nodes ?? []) child.kill("SIGKILL");
  await server?.stop();
});

let second = 0;
function add(input: number, cmdline: string): void {
  second += 1;
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
  appendFileSync(inputs[input] ?? "", `${JSON.stringify({ cmdline, host: `web-${input}`, user: "root", time })}\n`);
}

/** Rule and text of each alert, whichever node wrote it. */
function alerts(): string[] {
  const out = join(folder, "out");
  const files = readdirSync(folder).includes("out") ? readdirSync(out).filter((file) => file.startsWith("alerts")) : [];
  const lines = files.flatMap((file) => linesOf(out, file)).map((line) => JSON.parse(line));
  return lines.map(({ rule: { name }, tagsmith: { text } }) => `${name}: ${text}`).sort();
}

const soon = { timeout: 40_000, interval: 100 };

describe("rules of a cluster", () => {
  it("count what different nodes read", async () => {
    for (const { said } of nodes) await expect.poll(said, soon).toContain("2 rules are asked.");
    add(0, "uname -a");
    add(1, "uname -b");
    add(0, "uname -c");
    const all = ["First: uname -a", "First: uname -b", "First: uname -c", "Many: uname -c"];
    await expect.poll(alerts, soon).toEqual(all);
  });

  it("change while the nodes run, and correlations go on counting", async () => {
    for (const { setRules } of nodes) setRules(rule("Second", "uname") + counted);
    for (const { said } of nodes) await expect.poll(said, soon).toContain("The rules have changed. 2 rules are asked.");
    add(1, "uname -d");
    await expect.poll(alerts, soon).toContain("Second: uname -d");
    await expect.poll(alerts, soon).toContain("Many: uname -d");
  });

  it("are told to differ as long as one node has others", async () => {
    const before = nodes.map(({ said }) => said().length);
    const saidSince = (node: number) => (): string => (nodes[node]?.said() ?? "").slice(before[node]);
    nodes[0]?.setRules(rule("Third", "uname") + counted);
    await expect.poll(saidSince(1), soon).toMatch(/cluster_of_other_rules: other rules are asked by \S+ \d+:/);
    const { out } = await runTagsmith(["status", "--config", join(folder, "a", "tagsmith.yaml")]);
    const shown = out.match(/ rules [0-9a-f]{8}\n/g) ?? [];
    expect([shown.length, new Set(shown).size]).toEqual([2, 2]);
    for (const { child } of nodes) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
  });
});

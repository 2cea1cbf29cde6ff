import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder, linesOf, startTagsmith } from "./tagsmith-process.ts";

const folder = freshFolder("rules-reload");
const rules = join(folder, "rules");
mkdirSync(join(rules, "deep"), { recursive: true });
const input = join(folder, "in.ndjson");
const config = join(folder, "tagsmith.yaml");
writeFileSync(
  config,
  `source: { type: file, paths: [${input}], follow: true, poll_interval_secs: 0.1 }
sink:
  { type: file, labels: ${folder}/labels.ndjson, verdicts: ${folder}/verdicts.ndjson, dead_letters: ${folder}/dead.ndjson }
state: { path: ${folder}/state.db }
mappings: { reload_secs: 0.1 }
detect: { rules: [${rules}], lateness_secs: 0 }
`,
);

const counted = `title: Counted
name: counted
logsource: { product: tagsmith, category: label }
detection: { selection: { text|startswith: 'uname' }, condition: selection }
---
title: Two counted
level: high
correlation: { type: event_count, rules: [counted], group-by: [host], timespan: 1h, condition: { gte: 2 } }
`;

function rule(title: string, start: string): string {
  return `title: ${title}\nlogsource: { product: tagsmith, category: label }\ndetection: { selection: { text|startswith: '${start}' }, condition: selection }\nlevel: high\n`;
}

/** At once: the run looks all the time, and must never see half a file. */
function put(path: string, text: string): void {
  writeFileSync(join(folder, "beside"), text);
  renameSync(join(folder, "beside"), path);
}

function add(cmdline: string): void {
  appendFileSync(input, `${JSON.stringify({ cmdline, host: "web-1", user: "root", time: "2026-01-01T00:00:00Z" })}\n`);
}

async function untilLabelled(text: string): Promise<void> {
  const path = join(folder, "labels.ndjson");
  for (let waited = 0; waited < 1_200; waited += 1) {
    if (existsSync(path) && readFileSync(path, "utf8").includes(`"text":${JSON.stringify(text)}`)) return;
    await sleep(50);
  }
  throw new Error(`${text} was never labelled`);
}

/** Rule and text of each alert, in order. Alerts stand in their file before what is read next stands in that of labels. */
function alerts(): string[] {
  return linesOf(folder, "alerts.ndjson")
    .map((line) => JSON.parse(line))
    .map(({ rule: { name }, tagsmith: { text } }) => `${name}: ${text}`);
}

describe("rules of a run that change while it follows a file", () => {
  writeFileSync(join(rules, "one.yml"), rule("First", "id"));
  writeFileSync(join(rules, "counted.yml"), counted);
  add("id");
  add("uname -a");
  const child = startTagsmith(["run", "--config", config]);
  let err = "";
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  afterAll(() => child.kill("SIGKILL"));
  const untilSaid = (text: string | RegExp) => expect.poll(() => err, { timeout: 30_000 }).toMatch(text);

  it("are asked from the next event on, and not about what was read before", async () => {
    await untilLabelled("uname -a");
    await untilSaid("3 rules are asked.");
    err = "";
    put(join(rules, "one.yml"), rule("Second", "ls"));
    await untilSaid("The rules have changed. 3 rules are asked.");
    add("id -u");
    add("ls -la");
    await untilLabelled("ls -la");
    await expect.poll(alerts, { timeout: 30_000 }).toEqual(["First: id", "Second: ls -la"]);
  });

  it("stay as they were when a file is broken, and the fault is told with its place", async () => {
    err = "";
    put(join(rules, "one.yml"), "title: [\n");
    await untilSaid(/detect_rules_invalid: .*one\.yml:\d+:\d+: .* The rules stay as they were\./);
    expect(err.match(/detect_rules_invalid/g)).toHaveLength(1);
    add("ls -lt");
    await untilLabelled("ls -lt");
    await expect.poll(() => alerts().slice(2), { timeout: 30_000 }).toEqual(["Second: ls -lt"]);
  });

  it("are read from folders in the folder too, and correlations go on counting what came before the change", async () => {
    rmSync(join(rules, "one.yml"));
    await untilSaid("The rules have changed. 2 rules are asked.");
    err = "";
    put(join(rules, "deep", "third.yaml"), rule("Third", "who"));
    await untilSaid("The rules have changed. 3 rules are asked.");
    add("ls -l /");
    add("whoami");
    add("uname -r");
    await untilLabelled("uname -r");
    await expect.poll(() => alerts().slice(3), { timeout: 30_000 }).toEqual(["Third: whoami", "Two counted: uname -r"]);
  });

  it("leave the run as it was when none is left, and it stops as ever", async () => {
    err = "";
    renameSync(rules, join(folder, "gone"));
    await untilSaid(/sigma_unreadable: .* The rules stay as they were\./);
    add("whoami --version");
    await untilLabelled("whoami --version");
    await expect.poll(() => alerts().at(-1), { timeout: 30_000 }).toBe("Third: whoami --version");
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect((await exited)[0]).toBe(130);
  });
});

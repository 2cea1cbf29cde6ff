import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { freshFolder, killTree, linesOf, root, runTagsmith, startTagsmith, writeConfig } from "./tagsmith-process.ts";

const kills = 20;
const outputs = ["labels.ndjson", "verdicts.ndjson", "alerts.ndjson", "dead.ndjson"];
const rules = `title: Looks around
name: looks_around
logsource: { product: tagsmith, category: label }
detection: { selection: { tag|startswith: inspect_ }, condition: selection }
---
title: Looks around a lot
level: high
correlation: { type: event_count, rules: [looks_around], group-by: [host], timespan: 1h, condition: { gte: 3 }, generate: true }
---
title: Intrusion
level: critical
logsource: { product: tagsmith, category: verdict }
detection: { selection: { verdict: intrusion }, condition: selection }
`;

function detect(folder: string): string {
  const path = join(folder, "rules.yml");
  writeFileSync(path, rules);
  return `detect: { rules: [${path}] }`;
}

function inputs(folder: string): string[] {
  const input = join(folder, "input");
  cpSync(join(root, "samples", "data"), input, { recursive: true });
  return [join(input, "*")];
}

describe("kill -9", () => {
  it("at 20 random points leaves the same labels, verdicts, alerts and dead letters as an undisturbed run", async () => {
    const folder = freshFolder("kill");
    const paths = inputs(folder);
    const calm = join(folder, "calm");
    const killed = join(folder, "killed");
    mkdirSync(calm);
    mkdirSync(killed);
    const undisturbed = await runTagsmith(["run", "--config", writeConfig(calm, paths, detect(calm)), "--quiet"]);
    expect(undisturbed.err).toBe("");
    expect(undisturbed.code).toBe(0);

    const config = writeConfig(killed, paths, detect(killed));
    const random = createRandom(7);
    let hits = 0;
    let written = 0;
    for (let round = 0; round < kills; round += 1) {
      const before = sizeOf(join(killed, "labels.ndjson"));
      const child = startTagsmith(["run", "--config", config, "--quiet"]);
      const exited = once(child, "exit");
      // One kill in four falls into the start, the others wait until some bytes more have been written.
      if (round % 4 === 3) await sleep(random.below(900));
      else await untilLarger(join(killed, "labels.ndjson"), before + random.below(25_000), child);
      if (child.exitCode === null) {
        hits += 1;
        killTree(child.pid ?? 0);
        await exited;
      }
      if (sizeOf(join(killed, "labels.ndjson")) > before) written += 1;
    }
    expect(hits).toBe(kills);
    expect(written).toBeGreaterThanOrEqual(kills / 2);
    const last = await runTagsmith(["run", "--config", config, "--quiet"]);
    expect(last.code).toBe(0);
    for (const name of outputs) expect(linesOf(killed, name), name).toEqual(linesOf(calm, name));
    expect(linesOf(killed, "labels.ndjson").length).toBeGreaterThan(1_000);
    expect(linesOf(killed, "alerts.ndjson").filter((line) => line.includes("correlation")).length).toBeGreaterThan(20);
  }, 600_000);
});

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function untilLarger(path: string, bytes: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && sizeOf(path) <= bytes) await sleep(3);
}

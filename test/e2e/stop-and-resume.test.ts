import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { freshFolder, linesOf, root, runTagsmith, startTagsmith, writeConfig } from "./tagsmith-process.ts";

const outputs = ["labels.ndjson", "verdicts.ndjson", "dead.ndjson"];
const folder = freshFolder("stop");
const calm = join(folder, "calm");
const stopped = join(folder, "stopped");
const input = join(folder, "input");

/** Waits until the run has written something; false when it ended before. */
async function hasWritten(path: string, isOver: () => boolean): Promise<boolean> {
  while (!isOver()) {
    if (existsSync(path) && statSync(path).size > 0) return true;
    await sleep(10);
  }
  return false;
}

describe("stopping and starting again", () => {
  let config = "";

  beforeAll(async () => {
    for (const path of [calm, stopped, input]) mkdirSync(path);
    for (const name of ["audit.log", "kubernetes-audit.ndjson", "plain.ndjson"]) {
      cpSync(join(root, "samples", "data", name), join(input, name));
    }
    // A run that is told to stop after its first labels has enough before it: texts that it has not seen yet.
    const more = Array.from({ length: 1_500 }, (_, n) => ({
      cmdline: `curl -o file-${n} http://192.0.2.1/${n}`,
      session_id: `more-${n % 50}`,
    }));
    writeFileSync(join(input, "plain-more.ndjson"), more.map((row) => `${JSON.stringify(row)}\n`).join(""));
    config = writeConfig(calm, [join(input, "*")]);
    const { code, err } = await runTagsmith(["run", "--config", config, "--quiet"]);
    expect([code, err]).toEqual([0, ""]);
  });

  it("SIGTERM in the middle ends with 130, and the next run completes the same output", async () => {
    const same = writeConfig(stopped, [join(input, "*")]);
    const child = startTagsmith(["run", "--config", same, "--quiet"]);
    const exited = once(child, "exit");
    expect(await hasWritten(join(stopped, "labels.ndjson"), () => child.exitCode !== null)).toBe(true);
    child.kill("SIGTERM");
    const [code] = await exited;
    expect(code).toBe(130);
    const whole = linesOf(calm, "labels.ndjson");
    const part = linesOf(stopped, "labels.ndjson");
    expect(part.length).toBeLessThan(whole.length);
    expect(part).toEqual(whole.slice(0, part.length));

    const next = await runTagsmith(["run", "--config", same, "--quiet"]);
    expect([next.code, next.err]).toEqual([0, ""]);
    for (const name of outputs) expect(linesOf(stopped, name), name).toEqual(linesOf(calm, name));
  });

  it("killing the launcher ends the program too, and the next run completes the same output", async () => {
    const killed = freshFolder("launcher");
    const config = writeConfig(killed, [join(input, "*")]);
    const child = startTagsmith(["run", "--config", config, "--quiet"]);
    const closed = once(child, "close");
    expect(await hasWritten(join(killed, "labels.ndjson"), () => child.exitCode !== null)).toBe(true);
    child.kill("SIGKILL");
    // Its outputs close when the last process that holds them is gone.
    await closed;
    expect(linesOf(killed, "labels.ndjson").length).toBeLessThan(linesOf(calm, "labels.ndjson").length);
    const next = await runTagsmith(["run", "--config", config, "--quiet"]);
    expect([next.code, next.err]).toEqual([0, ""]);
    for (const name of outputs) expect(linesOf(killed, name), name).toEqual(linesOf(calm, name));
  });

  it("one Ctrl-C, which reaches the launcher and the program alike, is one graceful stop", async () => {
    const folder = freshFolder("ctrl-c");
    const args = ["run", "--config", writeConfig(folder, [join(input, "*")]), "--json"];
    const child = spawn(process.execPath, [join(root, "bin", "tagsmith.js"), ...args], { detached: true });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    const closed = once(child, "close");
    expect(await hasWritten(join(folder, "labels.ndjson"), () => child.exitCode !== null)).toBe(true);
    process.kill(-Number(child.pid), "SIGINT");
    expect(await closed).toEqual([130, null]);
    expect(JSON.parse(out).events).toBe(linesOf(folder, "labels.ndjson").length);
  });

  it("running again after the end adds nothing", async () => {
    const before = outputs.map((name) => linesOf(calm, name));
    expect(before[0]?.length).toBeGreaterThan(1_000);
    const { code, out } = await runTagsmith(["run", "--config", config, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ documents: 0, events: 0, dead_letters: 0 });
    expect(outputs.map((name) => linesOf(calm, name))).toEqual(before);
  });

  it("lines appended after the end are picked up by the next run, and only they", async () => {
    const before = linesOf(calm, "labels.ndjson");
    const lines = ["hostname", "df -h"].map((cmdline) => `${JSON.stringify({ cmdline, session_id: "later" })}\n`);
    appendFileSync(join(input, "plain.ndjson"), `${lines.join("")}{"broken\n`);
    const { code, out } = await runTagsmith(["run", "--config", config, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ documents: 3, events: 2, dead_letters: 1 });
    const after = linesOf(calm, "labels.ndjson");
    expect(after.slice(0, before.length)).toEqual(before);
    const added = after.slice(before.length).map((line) => JSON.parse(line).tagsmith.text);
    expect(added).toEqual(["hostname", "df -h"]);
  });
});

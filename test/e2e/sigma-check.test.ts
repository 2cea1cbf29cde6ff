import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { freshFolder, root, runTagsmith } from "./tagsmith-process.ts";

const folder = freshFolder("sigma-check");
const good = `title: Netcat
name: netcat
id: 7f8a2c1e-0000-4000-8000-000000000001
level: high
logsource: {category: process_creation, product: linux}
detection:
  selection:
    Image|endswith: '/nc'
  condition: selection
`;

describe("tagsmith sigma check", () => {
  beforeAll(() => {
    mkdirSync(join(folder, "rules", "deep"), { recursive: true });
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "rules", "good.yml"), good);
    writeFileSync(join(folder, "rules", "pipeline.yaml"), "transformations:\n  - {type: case}\n");
    const correlation = "type: event_count, rules: [netcat], timespan: 5m, condition: {gte: 3}";
    writeFileSync(
      join(folder, "rules", "deep", "correlation.yaml"),
      `title: Many\nid: 7f8a2c1e-0000-4000-8000-000000000002\nlevel: high\ncorrelation: {${correlation}}\n`,
    );
    writeFileSync(join(folder, "bad.yml"), good.replace("endswith", "endwith").replace("'/nc'", '"\\u001b[31m"'));
  });

  it("reads folders with what is in them, and finds nothing that must be corrected", async () => {
    const run = await runTagsmith(["sigma", "check", "--no-lint", join(folder, "rules")]);
    expect(run).toMatchObject({ code: 0, out: "" });
    expect(run.err).toBe("3 files: 1 rule, 1 correlation, 0 filters, 1 pipeline; 0 errors, 0 warnings, 0 notes.\n");
  });

  it("names file, line and column of what is wrong, and ends with 3", async () => {
    const file = join(folder, "bad.yml");
    const run = await runTagsmith(["sigma", "check", file]);
    expect(run.code).toBe(3);
    expect(run.out).toContain(
      `${file}:8:5: error modifier_unknown: There is no modifier "endwith".\n    Did you mean endswith?\n`,
    );
    const json = await runTagsmith(["sigma", "check", "--json", file]);
    expect(JSON.parse(json.out.split("\n")[0] ?? "")).toMatchObject({
      file,
      line: 8,
      column: 5,
      code: "modifier_unknown",
    });
    expect(json).toMatchObject({ code: 3, err: "" });
  });

  it("gives advice unless told not to, and fails on it only when strict", async () => {
    const file = join(folder, "advice.yml");
    writeFileSync(file, good.replace("id: 7f8a2c1e-0000-4000-8000-000000000001\n", ""));
    const advice = await runTagsmith(["sigma", "check", file]);
    expect(advice.code).toBe(0);
    expect(advice.out).toContain("warning id_missing");
    expect((await runTagsmith(["sigma", "check", "--strict", file])).code).toBe(3);
    expect((await runTagsmith(["sigma", "check", "--no-lint", "--strict", file])).code).toBe(0);
  });

  it("reads standard input, also when it comes slowly", () => {
    const shell = `(printf 'title: T\\n'; sleep 1; printf 'logsource: {product: linux}\\n') | "$0" "$1" sigma check -`;
    const args = ["-c", shell, process.execPath, join(root, "bin", "tagsmith.js")];
    const run = spawnSync("sh", args, { encoding: "utf8" });
    expect(run.status).toBe(3);
    expect(run.stdout).toContain("-:1:1: error detection_missing");
  });

  it("says when there is nothing to check", async () => {
    const missing = await runTagsmith(["sigma", "check", join(folder, "missing")]);
    expect(missing).toMatchObject({ code: 3, out: "" });
    expect(missing.err).toContain("sigma_unreadable");
    const empty = await runTagsmith(["sigma", "check", join(folder, "empty")]);
    expect(empty.err).toContain("sigma_no_files");
    expect((await runTagsmith(["sigma", "check"])).code).toBe(2);
  });
});

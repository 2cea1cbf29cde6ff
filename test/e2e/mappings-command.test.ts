import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freshFolder, root, runTagsmith } from "./tagsmith-process.ts";

const folder = freshFolder("mappings");
const sample = join(folder, "sample.ndjson");
const rows = [1, 2].map((n) => ({ app: "jumpbox", cmd: `id -u ${n}`, who: "alice", machine: "web-1", login_id: n }));
writeFileSync(sample, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

function withoutPlainRow(): string {
  const path = join(folder, "plain-row.yaml");
  const text = readFileSync(join(root, "mappings", "plain-row.yaml"), "utf8");
  writeFileSync(path, text.replace("precedence: 10", "precedence: 11"));
  return path;
}

describe("tagsmith mappings", () => {
  it("makes a mapping that passes its own samples, and shows what differs when they are changed", async () => {
    const made = await runTagsmith(["mappings", "new", "jumpbox", "--from", sample, "--output", folder]);
    expect(made.code).toBe(0);
    const file = join(folder, "jumpbox.yaml");
    expect((await runTagsmith(["mappings", "test", file])).out).toBe("ok    jumpbox: 3 documents\n");
    const samples = join(folder, "jumpbox.samples.yaml");
    writeFileSync(samples, readFileSync(samples, "utf8").replace("text: id -u 2", "text: whoami"));
    const changed = await runTagsmith(["mappings", "test", file]);
    expect(changed.code).toBe(2);
    expect(changed.out).toContain('matches.1.results.0.text\n        - "whoami"\n        + "id -u 2"\n');
    const again = await runTagsmith(["mappings", "new", "jumpbox", "--from", sample, "--output", folder]);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/option_invalid: .*jumpbox\.yaml is already there/);
  });

  it("reads documents by it beside the bundled ones", async () => {
    const file = join(folder, "jumpbox.yaml");
    const { out } = await runTagsmith(["mappings", "coverage", "--input", sample, "--extra", file, "--json"]);
    expect(JSON.parse(out)).toMatchObject({
      documents: 2,
      rows: [{ outcome: "event", mapping: "jumpbox@1", count: 2 }],
    });
    const text = await runTagsmith(["mappings", "coverage", "--input", sample]);
    expect(text.out).toContain("fields: app, cmd, login_id, machine, who");
  });

  it("samples the source of a configuration, as far as it is asked to, and stores nothing", async () => {
    const config = join(folder, "tagsmith.yaml");
    const sink = "{ type: file, labels: labels.ndjson, verdicts: verdicts.ndjson, dead_letters: dead.ndjson }";
    writeFileSync(
      config,
      `source: { type: file, paths: [${sample}] }\nsink: ${sink}\nstate: { path: ${join(folder, "no.db")} }\n`,
    );
    const whole = await runTagsmith(["mappings", "coverage", "--config", config, "--json"]);
    expect(JSON.parse(whole.out)).toMatchObject({ documents: 2 });
    const one = await runTagsmith(["mappings", "coverage", "--config", config, "--sample", "1", "--json"]);
    expect(JSON.parse(one.out)).toMatchObject({ documents: 1 });
    expect(existsSync(join(folder, "no.db"))).toBe(false);
    const none = await runTagsmith(["mappings", "coverage"]);
    expect(none.code).toBe(2);
    expect(none.err).toMatch(/option_invalid: .*--input or a source by --config/);
  });

  it("lists all mappings with their order and where they come from", async () => {
    const { out } = await runTagsmith(["mappings", "list", "--extra", withoutPlainRow()]);
    expect(out).toMatch(/^precedence +name +reads +from +title\n/);
    expect(out).toMatch(/\n100 +elastic-defend-process@\d+ +linux +bundled +Elastic Defend process events/);
    expect(out).toMatch(/\n11 +plain-row@\d+ +events +\S+plain-row\.yaml +Plain rows\n/);
  });

  it("explains a skip by the condition that held", async () => {
    const path = join(folder, "end.ndjson");
    writeFileSync(
      path,
      `{"process":{"args":["id"]},"event":{"module":"endpoint","action":"end","category":["process"]}}\n`,
    );
    const { out } = await runTagsmith(["normalize", "--input", path, "--explain"]);
    expect(out).toMatch(
      /skipped process_end: .*\n(?:.*\n)*? +elastic-defend-process@\d+: took\n +because event\.action only \["end","exit"\]\n/,
    );
  });
});

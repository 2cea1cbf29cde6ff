import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder, startTagsmith } from "./tagsmith-process.ts";

const folder = freshFolder("reload");
const own = join(folder, "own");
mkdirSync(own);
const input = join(folder, "in.ndjson");
const config = join(folder, "tagsmith.yaml");
writeFileSync(
  config,
  `source: { type: file, paths: [${input}], follow: true, poll_interval_secs: 0.1 }
sink:
  { type: file, labels: ${folder}/labels.ndjson, verdicts: ${folder}/verdicts.ndjson, dead_letters: ${folder}/dead.ndjson }
state: { path: ${folder}/state.db }
mappings:
  extra: [${own}]
  reload_secs: 0.1
  fields: { command: my.cmd, user: my.who, when: { kind: run } }
  session: { "*": [{ fields: [case] }] }
`,
);
const mapping =
  "name: app\nversion: 1\ntitle: App\nprecedence: 300\nrecognise: { field: app, exists: true }\ntext: [go]\n";
const add = (row: object): void => appendFileSync(input, `${JSON.stringify(row)}\n`);

/** At once: the run looks all the time, and must never see half a file. */
function put(path: string, text: string): void {
  writeFileSync(join(folder, "beside"), text);
  renameSync(join(folder, "beside"), path);
}

/** Waits until a file of the run holds a text. */
async function until(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  for (let waited = 0; waited < 1200; waited += 1) {
    const found = existsSync(path) ? readFileSync(path, "utf8") : "";
    if (found.includes(text)) return found;
    await sleep(50);
  }
  throw new Error(`${name} never held ${text}`);
}

describe("tagsmith run with a user's own mappings", () => {
  add({ kind: "run", my: { cmd: "mysql -phunter2", who: "alice" }, case: "c-1" });
  add({ app: 1, go: "uname -a" });
  const child = startTagsmith(["run", "--config", config]);
  let err = "";
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  afterAll(() => child.kill("SIGKILL"));

  it("reads by the map of fields and the session of the configuration, and stores no secret", async () => {
    const labels = await until("labels.ndjson", "fields-1@1");
    expect(labels).toContain('"text":"mysql -p<redacted>"');
    expect(labels).toContain('"key_from":"case"');
    expect(await until("dead.ndjson", "mapping_unknown_shape")).toContain("uname");
  });

  it("takes up a mapping that is put into its folder, and keeps it when a broken one comes", async () => {
    put(join(own, "app.yaml"), mapping);
    await expect.poll(() => err, { timeout: 30_000 }).toContain("The mappings have changed and are in use.");
    add({ app: 1, go: "id -u" });
    await until("labels.ndjson", '"text":"id -u"');
    put(join(own, "app.yaml"), `${mapping}oops: 1\n`);
    await expect
      .poll(() => err, { timeout: 30_000 })
      .toMatch(/mapping_invalid: .*app\.yaml:1:1: .*"oops" The mappings stay/);
    add({ app: 1, go: "id -g" });
    await until("labels.ndjson", '"text":"id -g"');
  });

  it("stops as ever", async () => {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect((await exited)[0]).toBe(130);
  });
});

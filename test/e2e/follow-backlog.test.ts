import { once } from "node:events";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freshFolder, linesOf, startTagsmith } from "./tagsmith-process.ts";

const newMs = Date.UTC(2026, 0, 2);
const oldMs = Date.UTC(2026, 0, 1);

/** Ten events of one session. */
function log(host: string, fromMs: number): string {
  const lines = Array.from({ length: 10 }, (_, n) =>
    JSON.stringify({ cmdline: `ls /srv/${n}`, host, user: "root", time: new Date(fromMs + n * 1_000).toISOString() }),
  );
  return `${lines.join("\n")}\n`;
}

/** Follows files, `later` added to the first, until all is labelled; gives the hosts that have a verdict, and what came too late. */
async function follow(name: string, files: Readonly<Record<string, string>>, later = "") {
  const folder = freshFolder(name);
  const paths = Object.keys(files).map((file) => join(folder, file));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const config = join(folder, "tagsmith.yaml");
  writeFileSync(
    config,
    `source: { type: file, paths: ${JSON.stringify(paths)}, follow: true, poll_interval_secs: 0.1, batch_records: 10 }
sink:
  { type: file, labels: ${folder}/labels.ndjson, verdicts: ${folder}/verdicts.ndjson, dead_letters: ${folder}/dead.ndjson }
state: { path: ${folder}/state.db }
`,
  );
  const child = startTagsmith(["run", "--config", config, "--json"]);
  let out = "";
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  const ended = once(child, "exit");
  const labelled = (text: string) =>
    expect
      .poll(() => linesOf(folder, "labels.ndjson").length, { timeout: 60_000 })
      .toBe(text.trim().split("\n").length);
  const before = Object.values(files).join("");
  await labelled(before);
  appendFileSync(paths[0] ?? "", later);
  await labelled(before + later);
  child.kill("SIGTERM");
  await ended;
  const hosts = linesOf(folder, "verdicts.ndjson").flatMap((line) => JSON.parse(line).host.name);
  return { hosts: [...new Set(hosts)].sort(), late: JSON.parse(out).late_events };
}

describe("a run that follows files", () => {
  it("judges the sessions of each, however much older what has piled up in one of them is", async () => {
    const found = await follow("follow-two", { "a.ndjson": log("web-1", newMs), "b.ndjson": log("db-1", oldMs) });
    expect(found).toEqual({ hosts: ["db-1", "web-1"], late: 0 });
  });

  it("says how many events of one log came too far behind to be judged", async () => {
    const found = await follow("follow-one", { "a.ndjson": log("web-1", newMs) }, log("db-1", oldMs));
    expect(found).toEqual({ hosts: ["web-1"], late: 10 });
  });
});

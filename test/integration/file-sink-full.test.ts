import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const sinkModule = path.resolve(import.meta.dirname, "../../connectors/file/sink.ts");

/** Writes dead letters that fit, then a step whose verdicts do not fit below the limit, then the first step again. */
const script = `
  import { createFileSink } from ${JSON.stringify(sinkModule)};
  const [labels, verdicts, dead_letters, alerts] = ["labels", "verdicts", "dead", "alerts"];
  const sink = createFileSink({ labels, verdicts, dead_letters, alerts, overwrite: false }, { model: "m@1" });
  const { signal } = new AbortController();
  await sink.open(undefined);
  const event = { id: "e1", text: "ls", platform: "linux", sessionKey: "s", sessionKeyFrom: "f", mapping: "plain@1",
    origin: { source: "test", container: "a", document: "line:1", sequence: 0 } };
  const small = { labels: [{ event, topLabels: [], tags: [] }], verdicts: [], deadLetters: [] };
  const first = await sink.write(small, signal);
  const verdict = { id: "x".repeat(100_000), tags: [], contributions: [], hosts: [], users: [] };
  const code = await sink.write({ ...small, verdicts: [verdict] }, signal).then(() => "none", (error) => error.code);
  console.log(JSON.stringify({ first, code, second: await sink.write(small, signal) }));
`;

it("takes a step back whole when one of the files cannot take its part", async () => {
  const cwd = await mkdtemp(path.join(tmpdir(), "tagsmith-full-"));
  const node = [process.execPath, "-C", "source", "--input-type=module", "-e", script];
  const limited = ["-c", 'ulimit -f 8; exec "$@"', "bash", ...node];
  const { stdout } = await promisify(execFile)("bash", limited, { cwd });
  const { first, code, second } = JSON.parse(stdout);
  expect(code).toBe("output_unwritable");
  const lines = (await readFile(path.join(cwd, "labels"), "utf8")).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(lines[1]);
  expect(JSON.parse(second).labels).toBe(2 * JSON.parse(first).labels);
  expect(await readFile(path.join(cwd, "verdicts"), "utf8")).toBe("");
  await rm(cwd, { recursive: true });
});

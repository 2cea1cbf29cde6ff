import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, freshFolder, root, runTagsmith, startTagsmith } from "../e2e/tagsmith-process.ts";
import { freePort } from "../servers/free-port.ts";
import type { ServerVersion } from "../servers/server-version.ts";
import { type RunningServer, startServer } from "../servers/start-server.ts";

/** What docs/quickstart-*.md has people do, on a real server. */
export function describeQuickstart(version: ServerVersion): void {
  describe(`the quickstart on ${version.product} ${version.version}`, () => quickstartSuite(version));
}

function quickstartSuite(version: ServerVersion): void {
  const folder = freshFolder("quickstart");
  const config = join(folder, "tagsmith.yaml");
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer(version);
  }, 300_000);
  afterAll(() => server?.stop());

  it("loads the samples, and again without doubling them", async () => {
    for (const _time of [1, 2]) {
      const { code, out } = await runNode(["samples/load.ts", server.url]);
      expect(code).toBe(0);
      expect(out).toContain("logs-endpoint.events.process-samples: 1158 documents");
    }
    expect(await count("logs-*-samples")).toBe(1158 + 755 + 131);
  });

  it("writes a configuration by looking at the server, with no secret in it", async () => {
    const flags = ["--url", server.url, "--indices", "logs-*-samples", "--from", "beginning", "--config", config];
    const { code, out } = await runTagsmith(["init", ...flags], folder);
    expect(code).toBe(0);
    expect(out).toContain(`${version.product} ${version.version}`);
    expect(out).toMatch(/documents to read +2,044/);
    expect(out).toMatch(/views \(point in time\) +yes/);
    const hasTiebreak = version.version !== "2.19.4";
    expect(out).toMatch(hasTiebreak ? /tie-breaker in views +yes/ : /tie-breaker in views +no/);
    expect((await runTagsmith(["init", ...flags], folder)).err).toContain("is there already");
  });

  it("shows what it would install, installs it, and finds nothing more to do", async () => {
    const dry = await runTagsmith(["install", "--config", config, "--dry-run"], folder);
    expect(dry.out).toContain("Dry run: nothing was changed.");
    expect((await fetch(`${server.url}/_index_template/tagsmith-labels`)).status).toBe(404);
    expect((await runTagsmith(["install", "--config", config], folder)).code).toBe(0);
    const again = await runTagsmith(["install", "--config", config], folder);
    expect(again.out).not.toMatch(/^(create|update) /m);
  });

  it("labels what is in the indices, says how it is doing, and stops when asked", async () => {
    const port = await freePort();
    const path = join(folder, "run.yaml");
    const text = readFileSync(config, "utf8").replace("port: 7601", `port: ${port}`);
    writeFileSync(path, text.replace("from: beginning", "from: beginning\n  safety_lag_secs: 0"));
    const run = startTagsmith(["run", "--config", path], folder);
    const ended = once(run, "close");
    try {
      await until(async () => (await count("tagsmith-labels-default")) === 2044 - (await skipped(port)));
      const { out } = await runTagsmith(["status", "--config", path], folder);
      expect(out).toMatch(/documents read +2,044/);
      expect(out).toMatch(/checkpoint age +[\d.]+ s/);
      expect(out).toMatch(/lag by ingest time +[\d.]+ s/);
      expect(out).toMatch(/tagsmith-labels-default +[12],\d+ +20\d\d-/);
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
      expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain(
        "tagsmith_documents_read_total 2044\n",
      );
    } finally {
      run.kill("SIGINT");
      await ended;
    }
    expect(run.exitCode).toBe(130);
  });

  it("finds the reverse shell on web-1 by the score of its tag, and where it came from", async () => {
    const query = "tagsmith.score.spawn_reverse_shell:>=0.6 AND host.name:web-1";
    const answer = await fetch(`${server.url}/tagsmith-labels-*/_search?q=${encodeURIComponent(query)}`);
    const { hits } = JSON.parse(await answer.text()).hits;
    expect(hits.length).toBeGreaterThan(0);
    for (const { _source } of hits) {
      expect(_source.event.kind).toBe("enrichment");
      expect(_source.tagsmith.text).toContain("/dev/tcp/");
      const { container, document } = _source.tagsmith.origin;
      const original = await fetch(`${server.url}/${container}/_doc/${document}`);
      expect(JSON.parse(await original.text())._source.host.name).toBe("web-1");
    }
  });

  it("does not read what it wrote", async () => {
    const before = await count("tagsmith-labels-*");
    const path = join(folder, "all.yaml");
    const text = readFileSync(config, "utf8").replace("logs-*-samples", '"*"').replace("state.db", "all.db");
    writeFileSync(
      path,
      text
        .replace("from: beginning", "from: beginning\n  once: true\n  safety_lag_secs: 0")
        .replace("port: 7601", "port: 0"),
    );
    const { code, err } = await runTagsmith(["run", "--config", path, "--quiet"], folder);
    expect(`${code} ${err}`).toBe("0 ");
    expect(await count("tagsmith-labels-*")).toBe(before);
  });

  it("takes itself away, its data only when told so, and nothing else", async () => {
    const kept = await runTagsmith(["install", "--config", config, "--uninstall"], folder);
    expect(kept.err).toContain("uninstall_data_exists");
    // Servers put together for tests may lack the interface to data streams.
    if ((await fetch(`${server.url}/_data_stream`)).status !== 200) return;
    const gone = await runTagsmith(["install", "--config", config, "--uninstall", "--delete-data"], folder);
    expect(gone.code).toBe(0);
    expect(await count("tagsmith-*")).toBe(0);
    expect(await count("logs-*-samples")).toBe(2044);
    expect((await fetch(`${server.url}/_index_template/tagsmith-labels`)).status).toBe(404);
  });

  async function count(index: string): Promise<number> {
    await fetch(`${server.url}/${index}/_refresh`, { method: "POST" });
    const answer = await fetch(`${server.url}/${index}/_count`);
    return JSON.parse(await answer.text()).count ?? 0;
  }
}

async function skipped(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined);
  if (answer === undefined) return Number.NaN;
  const { skipped, deadLetters, documents } = JSON.parse(await answer.text());
  if (documents < 2044) return Number.NaN;
  return [...Object.values<number>(skipped), ...Object.values<number>(deadLetters)].reduce((sum, n) => sum + n, 0);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 240; round += 1) {
    if (await holds()) return;
    await sleep(500);
  }
  throw new Error("did not come about in two minutes");
}

function runNode(args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { elasticsearchConnector } from "../../../connectors/elasticsearch/connector.ts";
import { openSearchConnector } from "../../../connectors/opensearch/connector.ts";
import { bundled } from "../../../src/cli/paths.ts";
import { loadAttack } from "../../../src/event/attack.ts";
import { labelledEvent, verdict } from "../../contract/check-sink.ts";
import { freshFolder, root, runTagsmith } from "../../e2e/tagsmith-process.ts";
import { type ServerVersion, serverVersions } from "../../servers/server-version.ts";
import { useSecuredServer } from "../secured-scene.ts";

const signal = new AbortController().signal;
const variable = "TAGSMITH_TEST_ADMIN";
const secured = serverVersions.filter(({ version }) => version !== "3.4.0");

for (const version of secured) {
  describe(`access made by init on ${version.product} ${version.version}`, () => accessSuite(version));
}

function accessSuite(version: ServerVersion): void {
  const isElastic = version.product === "elasticsearch";
  const connector = isElastic ? elasticsearchConnector : openSearchConnector;
  const admin = isElastic ? "root-user" : "admin";
  const password = isElastic ? "correct horse battery staple 7" : "admin";
  const scene = useSecuredServer(version);
  const folder = freshFolder("access");
  const config = join(folder, "tagsmith.yaml");
  const reach = () => ["--url", scene.server.url, "--ca-file", scene.caFile ?? ""];

  beforeAll(async () => {
    await scene.ask({ method: "PUT", path: "/logs-a/_doc/1", body: { message: "x" }, query: { refresh: true } });
    process.env[variable] = password;
    const flags = [...reach(), "--indices", "logs-*", "--admin-username", admin, "--admin-password-env", variable];
    const { code, out, err } = await runTagsmith(["init", ...flags, "--create-keys", "--config", config], root);
    expect(`${code} ${err}`).toBe("0 ");
    expect(out).toContain("reader: created");
    expect(out).toContain(isElastic ? "POST /_security/api_key" : "PUT /_plugins/_security/api/roles/");
    expect(out).not.toContain(password === "admin" ? '"password"' : password);
  }, 400_000);

  const settingsOf = (role: "source" | "sink"): Record<string, unknown> => {
    const written = parse(readFileSync(config, "utf8"))[role];
    const { type: _type, namespace: _namespace, indices: _indices, from: _from, ...connection } = written;
    return connection;
  };
  const statusOf = async (
    role: "source" | "sink",
    method: "GET" | "PUT" | "POST",
    path: string,
    body?: Record<string, unknown>,
  ): Promise<number | undefined> => {
    const server = await connector.openServer?.(settingsOf(role), role, signal);
    const answer = await server?.request({ method, path, ...(body && { body }), accept: [403] }, signal);
    await server?.close();
    return answer?.status;
  };

  it("keeps secrets out of the configuration, in files that only their owner reads, and the administrator's nowhere", () => {
    const text = readFileSync(config, "utf8");
    const secret = readFileSync(join(folder, ".tagsmith", "reader.secret"), "utf8").trim();
    expect(secret.length).toBeGreaterThan(20);
    expect(text).not.toContain(secret);
    expect(text).not.toContain(variable);
    expect(text).not.toContain(admin);
    expect(statSync(join(folder, ".tagsmith", "writer.secret")).mode & 0o077).toBe(0);
    expect(existsSync(join(folder, ".tagsmith", "rule_deployer.secret"))).toBe(false);
  });

  it("lets the reader read the events, and nothing more", async () => {
    const view = isElastic ? "/logs-*/_pit?keep_alive=1m" : "/logs-*/_search/point_in_time?keep_alive=1m";
    expect(await statusOf("source", "POST", "/logs-*/_search", { size: 1 })).toBe(200);
    expect(await statusOf("source", "POST", view)).toBe(200);
    expect(await statusOf("source", "PUT", "/logs-a/_doc/2", { message: "y" })).toBe(403);
    expect(await statusOf("source", "POST", "/tagsmith-labels-default/_search", {})).toBe(403);
  });

  it("lets the reader's half of a run read to its end", async () => {
    const source = connector.createSource({
      ...settingsOf("source"),
      indices: ["logs-*"],
      from: "beginning",
      once: true,
    });
    let records = 0;
    for await (const batch of source.read(undefined, signal)) records += batch.records.length;
    await source.close();
    expect(records).toBeLessThanOrEqual(1);
  });

  it("lets the writer write everything a sink writes, and read no events", async () => {
    const asAdmin = ["--admin-username", admin, "--admin-password-env", variable];
    const refused = await runTagsmith(["install", "--config", config], root);
    expect(`${refused.code} ${refused.err}`).toMatch(/^7 tagsmith: siem_forbidden: /);
    expect(await runTagsmith(["install", "--config", config, ...asAdmin], root)).toMatchObject({ code: 0 });
    const context = { model: "m@1", vocabulary: "rev20", techniques: loadAttack(bundled.attack()) };
    const letter = {
      id: "d",
      code: "json_invalid",
      reason: "r",
      source: "s",
      container: "c",
      document: "x",
      excerpt: "",
    };
    const output = { labels: [labelledEvent("e", "id")], verdicts: [verdict("s", 0.9)], deadLetters: [letter] };
    const sink = connector.createSink(settingsOf("sink"), context);
    await sink.open(undefined);
    await sink.write(output, signal);
    await sink.write(output, signal);
    await sink.close();
    await scene.ask({ method: "POST", path: "/tagsmith-*/_refresh" });
    expect(await scene.ask({ method: "GET", path: "/tagsmith-*/_count" })).toMatchObject({ count: 3 });
    expect(await statusOf("sink", "POST", "/logs-a/_search", { size: 1 })).toBe(403);
    const everything = { query: { match_all: {} } };
    if (isElastic) {
      expect(await statusOf("sink", "POST", "/tagsmith-labels-default/_delete_by_query", everything)).toBe(403);
    }
  });

  it("lets the writer write again after a rollover, when it has to look for what may be there", async () => {
    const context = { model: "m@1", vocabulary: "rev20", techniques: new Map() };
    const output = { labels: [labelledEvent("again", "id")], verdicts: [], deadLetters: [] };
    const first = connector.createSink(settingsOf("sink"), context);
    await first.open(undefined);
    const stored = await first.write({ ...output, labels: [] }, signal);
    await first.write(output, signal);
    await first.close();
    await scene.ask({ method: "POST", path: "/tagsmith-labels-default/_rollover" });
    const second = connector.createSink(settingsOf("sink"), context);
    await second.open(stored);
    await second.write(output, signal);
    await second.close();
    await scene.ask({ method: "POST", path: "/tagsmith-labels-default/_refresh" });
    const found = await scene.ask({ method: "GET", path: "/tagsmith-labels-default/_count?q=event.id:again" });
    expect(found).toMatchObject({ count: 1 });
  });

  it("says which right is missing when a reader's key is used to write", async () => {
    const context = { model: "m@1", vocabulary: "rev20", techniques: new Map() };
    const sink = connector.createSink(settingsOf("source"), context);
    await sink.open(undefined);
    const writing = sink.write({ labels: [labelledEvent("e2", "id")], verdicts: [], deadLetters: [] }, signal);
    await expect(writing).rejects.toMatchObject({ code: "siem_forbidden", remedy: "exit" });
    await expect(writing).rejects.toThrow(/Grant the /);
    await sink.close();
  });
}

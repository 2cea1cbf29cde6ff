import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import { openSearchConnector } from "../../connectors/opensearch/connector.ts";
import { initCommand } from "../../src/cli/init-command.ts";
import type { InitOptions } from "../../src/cli/init-options.ts";
import {
  elasticsearchAbout,
  type FakeServer,
  openSearchAbout,
  type Received,
  startFakeServer,
} from "./siem-fake-server.ts";

const registry = new Map([elasticsearchConnector, openSearchConnector].map((each) => [each.name, each]));
const servers: FakeServer[] = [];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tagsmith-init-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  delete process.env["INIT_TEST_SECRET"];
});

const kibana = { headers: { "kbn-name": "k" }, body: { version: { number: "9.4.3" } } };

/** A search server on which security is on. */
async function serve(product: "elasticsearch" | "opensearch"): Promise<FakeServer> {
  const about = product === "elasticsearch" ? elasticsearchAbout("9.4.3") : openSearchAbout("3.4.0");
  const answer = ({ path }: Received) => {
    const body =
      path === "/_security/api_key" ? { id: "i", api_key: "made-secret", encoded: "aTptYWRlLXNlY3JldA==" } : {};
    return path === "/" ? about : { ...about, body };
  };
  return started(answer);
}

async function started(answer: Parameters<typeof startFakeServer>[0]): Promise<FakeServer> {
  const server = await startFakeServer(answer);
  servers.push(server);
  return server;
}

async function init(options: Partial<InitOptions>): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  const written = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const usual = { from: "now-1h", namespace: "default", expiresDays: 90, createKeys: false, force: false, json: false };
  const terminal = { out: process.stdout, err: process.stderr, now: () => 0 };
  try {
    const code = await initCommand({ config: join(folder, "t.yaml"), ...usual, ...options }, registry, terminal);
    return { code, out };
  } finally {
    written.mockRestore();
  }
}

describe("init", () => {
  it("says what it found in place of Kibana, and which exports of rules apply", async () => {
    const [server, there] = [await serve("elasticsearch"), await started(() => kibana)];
    const { code, out } = await init({ url: server.url, dashboards: there.url });
    expect(code).toBe(0);
    expect(out).toContain(`Kibana 9.4.3 at ${there.url}`);
    expect(out).toContain("--format kibana_rule");
    const none = await init({ url: server.url, dashboards: server.url, force: true });
    expect(none.out).toMatch(/Kibana or Dashboards +not found; if there is one, name it with --dashboards/);
    expect(none.out).toContain(`${server.url}: something else answers, with status 200`);
    const unsought = await init({ url: server.url, dashboards: "none", force: true, json: true });
    expect(JSON.parse(unsought.out)).toMatchObject({ dashboards: { kind: "not_sought" } });
    expect(there.received.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it("names exports for Alerting and Security Analytics beside OpenSearch Dashboards that want a login", async () => {
    const server = await serve("opensearch");
    const there = await started(() => ({ status: 401, headers: { "osd-name": "d" }, body: "Unauthorized" }));
    const { out } = await init({ url: server.url, dashboards: there.url });
    expect(out).toContain("OpenSearch Dashboards of a version told only to those who sign in");
    expect(out).toContain("--format monitor");
    expect(out).not.toContain("kibana_rule");
  });

  it("writes a configuration that reads each key from the file that the report names", async () => {
    const server = await serve("elasticsearch");
    const { out } = await init({ url: server.url, dashboards: "none" });
    const { source, sink } = parse(readFileSync(join(folder, "t.yaml"), "utf8"));
    expect([source.api_key_file, sink.api_key_file]).toEqual(
      ["reader", "writer"].map((name) => join(folder, ".tagsmith", `${name}.secret`)),
    );
    expect(out).toContain(source.api_key_file);
    expect(out).toContain("POST /_security/api_key");
    const open = await serve("opensearch");
    const other = await init({ url: open.url, dashboards: "none", force: true });
    const written = parse(readFileSync(join(folder, "t.yaml"), "utf8"));
    expect(written.sink).toMatchObject({ username: "tagsmith_writer_default", password_file: sink.api_key_file });
    expect(other.out).toContain('"password": "CHOOSE ONE"');
  });

  it("goes on with the credential it was given when it creates none", async () => {
    const server = await serve("elasticsearch");
    process.env["INIT_TEST_SECRET"] = "id:key";
    const { out } = await init({ url: server.url, dashboards: "none", apiKeyEnv: "INIT_TEST_SECRET" });
    const { sink } = parse(readFileSync(join(folder, "t.yaml"), "utf8"));
    expect(sink).toMatchObject({ api_key: `\${env:INIT_TEST_SECRET}` });
    expect(out).not.toContain("put what the answer calls");
  });

  it("creates keys as an administrator, for their owner's eyes only, and shows and stores no secret elsewhere", async () => {
    const server = await serve("elasticsearch");
    process.env["INIT_TEST_SECRET"] = "admins-secret";
    const admin = { adminUsername: "root-user", adminPasswordEnv: "INIT_TEST_SECRET", createKeys: true };
    const { out } = await init({ url: server.url, dashboards: "none", ...admin });
    const path = join(folder, ".tagsmith", "writer.secret");
    expect(readFileSync(path, "utf8")).toBe("i:made-secret\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(out + readFileSync(join(folder, "t.yaml"), "utf8")).not.toMatch(/made-secret|admins-secret/);
    expect(server.received.filter(({ path: asked }) => asked === "/_security/api_key")).toHaveLength(2);
  });

  it("does not try to create keys with a key, which Elasticsearch allows only for keys without rights", async () => {
    const server = await serve("elasticsearch");
    process.env["INIT_TEST_SECRET"] = "id:key";
    const made = init({ url: server.url, dashboards: "none", adminApiKeyEnv: "INIT_TEST_SECRET", createKeys: true });
    await expect(made).rejects.toThrow("--admin-username");
    expect(existsSync(join(folder, "t.yaml"))).toBe(false);
  });

  it("says how to prove who asks where the server wants to know", async () => {
    const server = await started(() => ({ ...elasticsearchAbout("9.4.3"), status: 401, body: { error: "no" } }));
    await expect(init({ url: server.url })).rejects.toThrow("--admin-username with --admin-password-env");
  });
});

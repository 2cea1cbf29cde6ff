import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { elasticsearchConnector } from "../../connectors/elasticsearch/connector.ts";
import { bundled } from "../../src/cli/paths.ts";
import { loadAttack } from "../../src/event/attack.ts";
import type { SearchServer } from "../../src/sdk/index.ts";
import { labelledEvent, verdict } from "../contract/check-sink.ts";
import { freshFolder, root, runTagsmith } from "../e2e/tagsmith-process.ts";
import { serverVersions } from "../servers/server-version.ts";
import { type RunningServer, startServer } from "../servers/start-server.ts";

const signal = new AbortController().signal;
const admin = { username: "admin", password: "admin-password" };
/** Of the password above. */
const hash = "$2b$04$abcdefghijklmnopqrstuu5rsgb6VmEURHqAUx7j0FWXlnroTUMnO";
const security = {
  config: ["xpack.security.enabled: true"],
  files: { users: `admin:${hash}\n`, users_roles: "superuser:admin\n" },
};

for (const version of serverVersions.filter(({ product }) => product === "elasticsearch")) {
  describe(`access made by init on ${version.product} ${version.version}`, () => {
    const folder = freshFolder("access");
    const config = join(folder, "tagsmith.yaml");
    let running: RunningServer;
    let server: SearchServer;
    beforeAll(async () => {
      running = await startServer(version, security);
      const opened = await elasticsearchConnector.openServer?.({ urls: [running.url], ...admin }, "sink", signal);
      if (opened === undefined) throw new Error("no server");
      server = opened;
      await server.request(
        { method: "PUT", path: "/logs-a/_doc/1", body: { message: "x" }, query: { refresh: true } },
        signal,
      );
      process.env["TAGSMITH_TEST_ADMIN"] = admin.password;
      const flags = ["--url", running.url, "--indices", "logs-*", "--admin-username", admin.username];
      const more = ["--admin-password-env", "TAGSMITH_TEST_ADMIN", "--create-keys", "--config", config];
      const { code, out, err } = await runTagsmith(["init", ...flags, ...more], root);
      expect(`${code} ${err}`).toBe("0 ");
      expect(out).toContain("reader: created");
      expect(out).toContain("POST /_security/api_key");
      expect(out).not.toContain(admin.password);
    }, 400_000);
    afterAll(async () => {
      await server?.close();
      await running?.stop();
    });

    const settingsOf = (role: "source" | "sink") => {
      const {
        type: _type,
        namespace: _namespace,
        indices: _indices,
        from: _from,
        ...connection
      } = parse(readFileSync(config, "utf8"))[role];
      return connection;
    };

    it("keeps secrets out of the configuration, in files that only their owner reads, and the administrator's nowhere", () => {
      const text = readFileSync(config, "utf8");
      const secret = readFileSync(join(folder, ".tagsmith", "reader.secret"), "utf8").trim();
      expect(text).not.toContain(secret);
      expect(text).not.toContain(admin.password);
      expect(text).not.toContain("TAGSMITH_TEST_ADMIN");
      expect(statSync(join(folder, ".tagsmith", "writer.secret")).mode & 0o077).toBe(0);
      expect(existsSync(join(folder, ".tagsmith", "rule_deployer.secret"))).toBe(false);
    });

    it("lets the reader read the events, and nothing more", async () => {
      const reader = await elasticsearchConnector.openServer?.(settingsOf("source"), "source", signal);
      const ask = async (method: "GET" | "PUT" | "POST", path: string, body?: Record<string, unknown>) =>
        (await reader?.request({ method, path, ...(body && { body }), accept: [403] }, signal))?.status;
      expect(await ask("POST", "/logs-*/_search", { size: 1 })).toBe(200);
      expect(await ask("POST", "/logs-*/_pit?keep_alive=1m")).toBe(200);
      expect(await ask("PUT", "/logs-a/_doc/2", { message: "y" })).toBe(403);
      expect(await ask("GET", "/tagsmith-labels-default/_search")).toBe(403);
      await reader?.close();
    });

    it("lets the writer write everything a sink writes, and read no events", async () => {
      const asAdmin = ["--config", join(folder, "admin.yaml")];
      const flags = ["--url", running.url, "--username", admin.username, "--password-env", "TAGSMITH_TEST_ADMIN"];
      expect((await runTagsmith(["init", ...flags, ...asAdmin], root)).code).toBe(0);
      expect(await runTagsmith(["install", ...asAdmin], root)).toMatchObject({ code: 0 });
      const context = { model: "m@1", vocabulary: "rev20", techniques: loadAttack(bundled.attack()) };
      const sink = elasticsearchConnector.createSink(settingsOf("sink"), context);
      await sink.open(undefined);
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
      await sink.write(output, signal);
      await sink.write(output, signal);
      await sink.close();
      await server.request({ method: "POST", path: "/tagsmith-*/_refresh" }, signal);
      const found = await server.request({ method: "GET", path: "/tagsmith-*/_count" }, signal);
      expect(found.body).toMatchObject({ count: 3 });
      const writer = await elasticsearchConnector.openServer?.(settingsOf("sink"), "sink", signal);
      const read = { method: "POST", path: "/logs-a/_search", body: { size: 1 }, accept: [403] } as const;
      expect((await writer?.request(read, signal))?.status).toBe(403);
      const destroy = { method: "POST", path: "/tagsmith-labels-default/_delete_by_query", accept: [403] } as const;
      const query = { query: { match_all: {} } };
      expect((await writer?.request({ ...destroy, body: query }, signal))?.status).toBe(403);
      await writer?.close();
    });

    it("says which privilege is missing when a reader's key is used to write", async () => {
      const context = { model: "m@1", vocabulary: "rev20", techniques: new Map() };
      const sink = elasticsearchConnector.createSink(settingsOf("source"), context);
      await sink.open(undefined);
      const writing = sink.write({ labels: [labelledEvent("e2", "id")], verdicts: [], deadLetters: [] }, signal);
      await expect(writing).rejects.toMatchObject({ code: "siem_forbidden", remedy: "exit" });
      await expect(writing).rejects.toThrow(/privilege/);
      await sink.close();
    });
  });
}

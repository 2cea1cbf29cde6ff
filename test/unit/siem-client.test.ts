import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  elasticsearchConnectionSchema,
  openSearchConnectionSchema,
} from "../../connectors/elasticsearch/connection-config.ts";
import { readConnection } from "../../connectors/elasticsearch/connection-settings.ts";
import { explainPrivilege } from "../../connectors/elasticsearch/explain-privilege.ts";
import { openElasticsearch } from "../../connectors/elasticsearch/open-client.ts";
import type { SearchClient } from "../../connectors/elasticsearch/search-http.ts";
import { openOpenSearch } from "../../connectors/opensearch/open-client.ts";
import { createSecrets } from "../../src/sdk/secrets.ts";
import { expectedSignature, signatureIn } from "./aws-signature.ts";
import {
  type Answered,
  elasticsearchAbout,
  type FakeServer,
  openSearchAbout,
  type Received,
  startFakeServer,
} from "./siem-fake-server.ts";

const never = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(answer: (request: Received) => Answered): Promise<FakeServer> {
  const server = await startFakeServer(answer);
  closers.push(server.close);
  return server;
}

type Settings = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string>>;

async function open(
  product: "elasticsearch" | "opensearch",
  settings: Settings,
  environment: Environment = {},
): Promise<SearchClient> {
  const client =
    product === "elasticsearch"
      ? await openElasticsearch(
          elasticsearchConnectionSchema.parse(settings),
          createSecrets(environment, "source"),
          never,
        )
      : await openOpenSearch(openSearchConnectionSchema.parse(settings), createSecrets(environment, "source"), never);
  closers.push(() => client.close());
  return client;
}

describe("a connection to a search server", () => {
  it("names the right product when it meets the other one", async () => {
    const elasticsearch = await serve(() => elasticsearchAbout("9.4.3"));
    const openSearch = await serve(() => openSearchAbout("3.4.0"));
    await expect(open("opensearch", { urls: [elasticsearch.url] })).rejects.toMatchObject({
      code: "siem_wrong_product",
      message: "This is Elasticsearch 9.4.3, not OpenSearch. Use `type: elasticsearch`.",
    });
    await expect(open("elasticsearch", { urls: [openSearch.url] })).rejects.toMatchObject({
      code: "siem_wrong_product",
      message: expect.stringContaining("`type: opensearch`"),
    });
  });

  it("refuses versions it does not know", async () => {
    for (const version of ["7.17.9", "10.0.0"]) {
      const server = await serve(() => elasticsearchAbout(version));
      const opened = open("elasticsearch", { urls: [server.url] });
      await expect(opened).rejects.toMatchObject({ code: "siem_version_unsupported", remedy: "exit" });
    }
    for (const version of ["1.3.0", "2.3.0", "4.0.0"]) {
      const server = await serve(() => openSearchAbout(version));
      const opened = open("opensearch", { urls: [server.url] });
      await expect(opened).rejects.toMatchObject({ code: "siem_version_unsupported" });
    }
  });

  it("speaks to each major version of Elasticsearch in its own terms", async () => {
    for (const [version, compatible] of [
      ["8.19.21", "8"],
      ["9.4.3", "9"],
    ] as const) {
      const server = await serve(() => elasticsearchAbout(version));
      const client = await open("elasticsearch", { urls: [server.url] });
      await client.request({ method: "GET", path: "/_cat" }, never);
      expect(server.received.at(-1)?.headers.accept).toContain(`compatible-with=${compatible}`);
    }
  });

  it("does without the version when the key may only read", async () => {
    const refused = (reason: string): Answered => ({
      status: 403,
      body: { error: { type: "security_exception", reason }, status: 403 },
      headers: { "x-elastic-product": "Elasticsearch" },
    });
    const elastic = await serve(() => refused("action [cluster:monitor/main] is unauthorized for API key id [x]"));
    expect((await open("elasticsearch", { urls: [elastic.url] })).server).toMatchObject({ major: 8 });
    const openSearch = await serve(() => refused("no permissions for [cluster:monitor/main] and User [name=u]"));
    expect((await open("opensearch", { urls: [openSearch.url] })).dialect.tiebreak).toBeUndefined();
    await expect(open("elasticsearch", { urls: [openSearch.url] })).rejects.toMatchObject({
      code: "siem_wrong_product",
    });
    const proxy = await serve(() => refused("not today"));
    await expect(open("opensearch", { urls: [proxy.url] })).rejects.toMatchObject({ code: "siem_forbidden" });
  });

  it("is no connection when something else answers", async () => {
    const page = await serve(() => ({ body: "<html>Sign in</html>" }));
    await expect(open("opensearch", { urls: [page.url] })).rejects.toMatchObject({ code: "siem_answer_invalid" });
    const json = await serve(() => ({ body: { hello: "world" } }));
    await expect(open("opensearch", { urls: [json.url] })).rejects.toMatchObject({ code: "siem_wrong_product" });
    await expect(open("opensearch", { urls: ["http://127.0.0.1:1"] })).rejects.toMatchObject({
      code: "siem_unreachable",
    });
  });

  it("says what to do about refused credentials, and never what they are", async () => {
    const reason = "unable to authenticate";
    for (const product of ["elasticsearch", "opensearch"] as const) {
      const server = await serve(() => ({
        status: 401,
        body: { error: { type: "security_exception", reason }, status: 401 },
        headers: { "x-elastic-product": "Elasticsearch" },
      }));
      const opened = open(product, { urls: [server.url], username: "u", password: "hunter-2-secret" });
      const error: unknown = await opened.catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: "siem_unauthorized",
        remedy: "exit",
        message: expect.stringContaining("create a new one"),
      });
      const shown = inspect(error, { depth: 20, showHidden: true });
      expect(shown).not.toContain("hunter-2-secret");
      expect(shown).not.toContain(Buffer.from("u:hunter-2-secret").toString("base64"));
    }
  });

  it("sends the credentials it was given", async () => {
    const server = await serve(() => elasticsearchAbout("9.4.3"));
    const folder = mkdtempSync(join(tmpdir(), "tagsmith-secret-"));
    writeFileSync(join(folder, "token"), "from-a-file\n");
    const cases: readonly (readonly [Settings, string])[] = [
      [{ api_key: `\${env:SIEM_KEY}` }, `ApiKey ${Buffer.from("id:key").toString("base64")}`],
      [{ username: "u", password: "p" }, `Basic ${Buffer.from("u:p").toString("base64")}`],
      [{ bearer_token_file: join(folder, "token") }, "Bearer from-a-file"],
    ];
    for (const [settings, header] of cases) {
      await open("elasticsearch", { urls: [server.url], ...settings }, { SIEM_KEY: "id:key" });
      expect(server.received.at(-1)?.headers.authorization).toBe(header);
    }
    const other = await serve(() => openSearchAbout("3.4.0"));
    await open("opensearch", { urls: [other.url], bearer_token: "t" });
    expect(other.received.at(-1)?.headers.authorization).toBe("Bearer t");
  });

  it("names the variable or the file when a secret is missing", () => {
    const read = (settings: Settings): unknown =>
      readConnection(
        elasticsearchConnectionSchema.parse({ urls: ["https://siem.example.com"], ...settings }),
        createSecrets({}, "source"),
      );
    expect(() => read({ api_key: `\${env:NO_SUCH}` })).toThrow(/api_key: the environment variable NO_SUCH is not set/);
    expect(() => read({ api_key_file: "/no/such/file" })).toThrow(/api_key_file: the file cannot be read/);
    expect(() => read({ username: "u" })).toThrow(/given together/);
    expect(() => read({ username: "u", password: "p", api_key: "k" })).toThrow(/give one of/);
  });

  it("finds the address in a cloud id", () => {
    const id = `prod:${Buffer.from("eu.example.com:9243$abc$def").toString("base64")}`;
    const { urls } = readConnection(elasticsearchConnectionSchema.parse({ cloud_id: id }), createSecrets({}, "source"));
    expect(urls).toEqual(["https://abc.eu.example.com:9243"]);
    const broken = elasticsearchConnectionSchema.parse({ cloud_id: "prod:!!!" });
    expect(() => readConnection(broken, createSecrets({}, "source"))).toThrow(/not a cloud id/);
  });

  it("refuses addresses that hold credentials", () => {
    const parsed = openSearchConnectionSchema.safeParse({ urls: ["https://u:p@siem.example.com"] });
    expect(parsed.success).toBe(false);
  });

  it("ends a request that takes too long, and one that is aborted", async () => {
    for (const product of ["elasticsearch", "opensearch"] as const) {
      const about = product === "elasticsearch" ? elasticsearchAbout("9.4.3") : openSearchAbout("3.4.0");
      const silent = createServer((asked, answer) => {
        if (asked.url !== "/") return;
        answer.writeHead(200, { "content-type": "application/json", ...about.headers });
        answer.end(JSON.stringify(about.body));
      });
      await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
      closers.push(async () => {
        silent.closeAllConnections();
        silent.close();
      });
      const { port } = silent.address() as AddressInfo;
      const client = await open(product, { urls: [`http://127.0.0.1:${port}`] });
      const search = { method: "POST", path: "/_search", body: {} } as const;
      await expect(client.request({ ...search, timeoutMs: 50 }, never)).rejects.toMatchObject({ code: "siem_timeout" });
      const stop = new AbortController();
      const asked = client.request(search, stop.signal);
      setTimeout(() => stop.abort(), 30);
      await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    }
  });

  it("prints nothing when the server refuses a large request before it has read it", async () => {
    const printed: unknown[] = [];
    const { log } = console;
    console.log = (...words: unknown[]) => printed.push(words);
    const refusing = createServer((asked, answer) => {
      const isBulk = asked.url?.startsWith("/_bulk") === true;
      answer.writeHead(isBulk ? 413 : 200, { "content-type": "application/json" });
      answer.end(JSON.stringify(isBulk ? {} : openSearchAbout("3.4.0").body));
      if (isBulk) setTimeout(() => asked.socket.destroy(), 20);
    });
    await new Promise<void>((done) => refusing.listen(0, "127.0.0.1", done));
    closers.push(async () => void refusing.close());
    const { port } = refusing.address() as AddressInfo;
    const client = await open("opensearch", { urls: [`http://127.0.0.1:${port}`], compression: false });
    const ndjson = `${"x".repeat(50_000_000)}\n`;
    const asked = client.request({ method: "POST", path: "/_bulk", ndjson }, never);
    await expect(asked).rejects.toMatchObject({ code: "siem_request_too_large" });
    await sleep(300);
    console.log = log;
    expect(printed).toEqual([]);
  });

  it("goes through a proxy", async () => {
    for (const product of ["elasticsearch", "opensearch"] as const) {
      const server = await serve(() =>
        product === "elasticsearch" ? elasticsearchAbout("9.4.3") : openSearchAbout("3.4.0"),
      );
      const proxy = await startProxy();
      const client = await open(product, { urls: [server.url], proxy: proxy.url });
      expect(client.server.product).toBe(product);
      expect(proxy.passed()).toBeGreaterThan(0);
    }
  });

  it("signs requests to Amazon's service over the bytes that are sent", async () => {
    const server = await serve(() => openSearchAbout("2.19.0"));
    const keys = {
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/EXAMPLEKEY",
      AWS_SESSION_TOKEN: "tok",
    };
    const client = await open("opensearch", { urls: [server.url], aws: { region: "eu-west-1" } }, keys);
    const body = { query: { match_all: {} }, size: 3 };
    await client.request({ method: "POST", path: "/logs-*/_search", query: { b: "2", a: "x y" }, body }, never);
    const sent = server.received.at(-1);
    expect(sent?.headers["content-encoding"]).toBe("gzip");
    expect(sent?.headers["x-amz-security-token"]).toBe("tok");
    if (sent === undefined) throw new Error("nothing was sent");
    expect(signatureIn(sent)).toMatch(/^[0-9a-f]{64}$/);
    expect(signatureIn(sent)).toBe(expectedSignature(sent, keys.AWS_SECRET_ACCESS_KEY, "eu-west-1", "es"));
  });

  it("says that half of the keys for signing is missing", async () => {
    const settings = { urls: ["http://127.0.0.1:1"], aws: { region: "eu-west-1" } };
    await expect(open("opensearch", settings, { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE" })).rejects.toMatchObject({
      code: "config_secret_missing",
      message: expect.stringContaining("AWS_SECRET_ACCESS_KEY"),
    });
  });
});

describe("a missing privilege", () => {
  it("is named, from what either product says", () => {
    const elastic =
      "action [indices:data/read/search] is unauthorized for API key id [x] of user [u] on indices [logs-a], this action is granted by the index privileges [read,all]";
    expect(explainPrivilege(elastic)).toBe("Grant the index privilege read on logs-a to this key or user.");
    const openSearch = "no permissions for [indices:data/write/bulk] and User [name=u, backend_roles=[]]";
    expect(explainPrivilege(openSearch)).toBe(
      "Grant the action indices:data/write/bulk (part of the privilege create_doc (write for verdicts)) to this key or user.",
    );
    expect(explainPrivilege("forbidden")).toMatch(/docs\/configuration\.md/);
  });
});

/** A proxy for requests and for tunnels. */
async function startProxy(): Promise<{ readonly url: string; passed(): number }> {
  let passed = 0;
  const proxy = createServer((asked, answer) => {
    passed += 1;
    const to = request(asked.url ?? "", { method: asked.method ?? "GET", headers: asked.headers }, (response) => {
      answer.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(answer);
    });
    asked.pipe(to);
  });
  proxy.on("connect", (asked, socket, head) => {
    passed += 1;
    const [host = "", port = ""] = (asked.url ?? "").split(":");
    const to = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      to.write(head);
      to.pipe(socket).pipe(to);
    });
    to.on("error", () => socket.destroy());
    socket.on("error", () => to.destroy());
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  closers.push(async () => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, passed: () => passed };
}

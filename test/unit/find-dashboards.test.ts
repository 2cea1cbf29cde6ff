import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { findDashboards } from "../../src/deploy/find-dashboards.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { runs } from "../servers/missing-tools.ts";
import { type Answered, type FakeServer, type Received, startFakeServer } from "./siem-fake-server.ts";

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

/** A server that does with the connection what it likes. */
async function serveRaw(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function look(url: string, withinMs = 2_000) {
  return findDashboards({ kind: "named", url }, { withinMs }, never);
}

const kibana = { "kbn-name": "kibana-1" };
const dashboards = { "osd-name": "dashboards-1" };
const version = { number: "9.4.3", build_hash: "x", build_number: 1, build_snapshot: false };

describe("looking for Kibana or OpenSearch Dashboards", () => {
  it("finds product and version in the status", async () => {
    const one = await serve(() => ({
      headers: kibana,
      body: { version, status: { overall: { level: "available" } } },
    }));
    expect(await look(one.url)).toEqual({
      kind: "found",
      product: "kibana",
      url: one.url,
      version: "9.4.3",
      isReady: true,
    });
    const status = { overall: { state: "green" } };
    const other = await serve(() => ({ headers: dashboards, body: { version: { number: "3.4.0" }, status } }));
    expect(await look(`${other.url}/base/`)).toMatchObject({ product: "opensearch_dashboards", version: "3.4.0" });
    expect(one.received.map(({ path }) => path)).toEqual(["/api/status"]);
    expect(other.received.map(({ path }) => path)).toEqual(["/base/api/status"]);
  });

  it("sends no credentials", async () => {
    const server = await serve(() => ({ headers: kibana, body: {} }));
    await look(server.url);
    expect(Object.keys(server.received[0]?.headers ?? {}).toSorted()).toEqual(["accept", "connection", "host"]);
  });

  it.each([
    ["a status cut down for strangers", { headers: kibana, body: { status: { overall: { level: "available" } } } }],
    ["a refusal", { status: 401, headers: dashboards, body: "Unauthorized" }],
    ["a refusal to all", { status: 403, headers: kibana, body: "<html>no</html>" }],
    ["a way to sign in", { status: 302, headers: { ...kibana, location: "/login" }, body: "" }],
    ["a version that is none", { headers: kibana, body: { version: { number: "\u001b[2J9.4.3" } } }],
    ["a status that is no JSON", { headers: dashboards, body: "{" }],
    ["a status of another shape", { headers: dashboards, body: [{ version: 7 }] }],
  ])("knows the product by the head of %s, and no version", async (_name, answer) => {
    const server = await serve(() => answer);
    const product = "kbn-name" in answer.headers ? "kibana" : "opensearch_dashboards";
    expect(await look(server.url)).toMatchObject({ kind: "found", product, version: undefined });
  });

  it("knows the product by the status where a proxy took the head's mark away", async () => {
    const one = await serve(() => ({ body: { status: { overall: { level: "degraded" } }, version } }));
    expect(await look(one.url)).toMatchObject({ product: "kibana", version: "9.4.3" });
    const other = await serve(() => ({ body: { status: { overall: { state: "yellow" } } } }));
    expect(await look(other.url)).toMatchObject({ product: "opensearch_dashboards" });
  });

  it("says that it is not ready yet", async () => {
    const server = await serve(() => ({ status: 503, headers: kibana, body: { version } }));
    expect(await look(server.url)).toMatchObject({ kind: "found", version: "9.4.3", isReady: false });
  });

  it.each([
    ["a page", { body: "<html>Welcome</html>" }, "something else answers, with status 200"],
    [
      "a search server",
      { body: { version: { number: "3.4.0", distribution: "opensearch" } } },
      "something else answers",
    ],
    ["nothing there", { status: 404, body: {} }, "status 404"],
    [
      "a redirect",
      { status: 302, headers: { location: "https://sso.example.com/" }, body: "" },
      "redirects to https://sso",
    ],
  ])("takes %s for neither, and says what is there", async (_name, answer, reason) => {
    const server = await serve(() => answer);
    expect(await look(server.url)).toEqual({
      kind: "not_found",
      tried: [{ url: server.url, reason: expect.stringContaining(reason) }],
    });
  });

  it("does not follow a redirect, so it cannot be led in circles", async () => {
    const server = await serve(({ path }) => ({ status: 302, headers: { location: `${path}x` }, body: "" }));
    await look(server.url);
    expect(server.received).toHaveLength(1);
  });

  it("stops reading an answer without end", async () => {
    let sent = 0;
    const url = await serveRaw((_asked, answer) => {
      answer.writeHead(200, dashboards);
      const more = (): void => {
        while (!answer.destroyed && answer.write("x".repeat(65_536))) sent += 65_536;
        if (!answer.destroyed) answer.once("drain", more);
      };
      more();
    });
    expect(await look(url, 20_000)).toMatchObject({ product: "opensearch_dashboards", version: undefined });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it("does not wait for an answer that drips, or for none", async () => {
    const url = await serveRaw((asked, answer) => {
      if (asked.url === "/silent/api/status") return;
      answer.writeHead(200, kibana);
      const drip = setInterval(() => answer.write(" "), 20);
      answer.once("close", () => clearInterval(drip));
    });
    const started = performance.now();
    expect(await look(url, 1_000)).toMatchObject({ product: "kibana", version: undefined });
    expect(await look(`${url}/silent`, 200)).toMatchObject({ tried: [{ reason: "no answer in 0.2 s" }] });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("says that nothing listens, or that something else than HTTP does", async () => {
    const talker = createTcpServer((socket) => void socket.on("error", () => undefined).end("SSH-2.0-x\r\n"));
    await new Promise<void>((done) => talker.listen(0, "127.0.0.1", done));
    closers.push(async () => void talker.close());
    const { port } = talker.address() as AddressInfo;
    expect(await look(`http://127.0.0.1:${port}`)).toMatchObject({ kind: "not_found" });
    expect(await look("http://127.0.0.1:1")).toMatchObject({
      tried: [{ reason: expect.stringContaining("ECONNREFUSED") }],
    });
  });

  it("ends when it is told to stop", async () => {
    const url = await serveRaw(() => undefined);
    const stop = new AbortController();
    const looking = findDashboards({ kind: "named", url }, { withinMs: 60_000 }, stop.signal);
    setTimeout(() => stop.abort(new Error("stopped")), 20);
    await expect(looking).rejects.toThrow("stopped");
  });

  it("looks at the usual port of the search server's host where no address is named, by the server's scheme first", async () => {
    const tried = async (serverUrl: string) => {
      const facts = await findDashboards({ kind: "beside", serverUrl }, { withinMs: 300 }, never);
      return facts.kind === "not_found" ? facts.tried.map(({ url }) => url) : facts.kind;
    };
    // A loopback address of its own: nothing listens there.
    expect(await tried("https://127.9.8.7:9200/path")).toEqual(["https://127.9.8.7:5601", "http://127.9.8.7:5601"]);
    expect(await tried("http://127.9.8.7:9200")).toEqual(["http://127.9.8.7:5601", "https://127.9.8.7:5601"]);
    expect(await findDashboards({ kind: "nowhere" }, { withinMs: 300 }, never)).toEqual({ kind: "not_sought" });
  });
});

if (runs("openssl", "version") || process.env["CI"] !== undefined) {
  describe("looking for Kibana behind TLS", () => {
    it("trusts only the authority it is given", async () => {
      const { ca, cert, key } = makeCertificates();
      const server = await startFakeServer(() => ({ headers: kibana, body: { version } }), { cert, key });
      closers.push(server.close);
      const place = { kind: "named", url: server.url } as const;
      expect(await findDashboards(place, { withinMs: 5_000, ca }, never)).toMatchObject({ version: "9.4.3" });
      expect(await look(server.url)).toMatchObject({ tried: [{ reason: expect.stringContaining("--ca-file") }] });
    });
  });
} else describe.skip("looking for Kibana behind TLS: needs openssl", () => it("is left out", () => undefined));

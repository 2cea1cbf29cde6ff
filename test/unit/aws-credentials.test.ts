import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect, promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openSearchConnectionSchema } from "../../connectors/elasticsearch/connection-config.ts";
import type { SearchClient } from "../../connectors/elasticsearch/search-http.ts";
import { createKeyFinder } from "../../connectors/opensearch/find-aws-keys.ts";
import { openOpenSearch } from "../../connectors/opensearch/open-client.ts";
import { createSecrets } from "../../src/sdk/secrets.ts";
import {
  accountToken,
  assumedRole,
  fileOf,
  keysOf,
  stubNoKeys,
  stubSingleSignOn,
  stubWebIdentity,
} from "./aws-fake-keys.ts";
import { expectedSignature, signatureIn } from "./aws-signature.ts";
import { type Answered, type FakeServer, openSearchAbout, type Received, startFakeServer } from "./siem-fake-server.ts";

const never = new AbortController().signal;
const minuteMs = 60_000;
const soon = { timeout: 20_000, interval: 20 };
const closers: (() => Promise<void>)[] = [];
const printed: unknown[] = [];

beforeEach(() => {
  stubNoKeys();
  for (const method of ["debug", "info", "log", "warn", "error"] as const)
    vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void printed.push(words));
  vi.spyOn(process, "emitWarning").mockImplementation((warning: unknown) => void printed.push(warning));
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
  expect(printed.splice(0)).toEqual([]);
});

async function serve(answer: (request: Received) => Answered): Promise<FakeServer> {
  const server = await startFakeServer(answer);
  closers.push(server.close);
  return server;
}

/** Takes requests and never answers; says how many came. */
async function serveSilence(): Promise<{ readonly url: string; asked(): number }> {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

async function open(url: string, signal = never): Promise<SearchClient> {
  const config = openSearchConnectionSchema.parse({ urls: [url], aws: { region: "eu-west-1" } });
  const client = await openOpenSearch(config, createSecrets(process.env, "source"), signal);
  closers.push(() => client.close());
  return client;
}

const search = { method: "POST", path: "/logs/_search", body: { size: 3 } } as const;

/** Whose keys a request was signed with, once its signature is the right one for them. */
function signerOf(sent: Received | undefined): string {
  if (sent === undefined) throw new Error("nothing was sent");
  const name = /Credential=ASIA(\w+)\//.exec(sent.headers.authorization ?? "")?.[1] ?? "";
  expect(sent.headers["x-amz-security-token"]).toBe(`session-of-${name}`);
  expect(signatureIn(sent)).toBe(expectedSignature(sent, `secret-of-${name}`, "eu-west-1", "es"));
  return name;
}

async function signerOfSearch(): Promise<string> {
  const server = await serve(() => openSearchAbout("2.19.0"));
  const client = await open(server.url);
  await client.request(search, never);
  return signerOf(server.received.at(-1));
}

/** What opening a connection fails with; nothing of it may hold one of `secrets`. */
async function faultOf(secrets: readonly string[] = []): Promise<unknown> {
  const server = await serve(() => openSearchAbout("2.19.0"));
  const error: unknown = await open(server.url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: "siem_aws_keys_missing", remedy: "retry" });
  expect(server.received).toEqual([]);
  const shown = inspect(error, { depth: 20, showHidden: true });
  for (const secret of secrets) expect(shown).not.toContain(secret);
  return error;
}

describe("keys for signing", () => {
  it("come from a container's source, with the token that its file holds by then", async () => {
    let name = "FIRST";
    const source = await serve(() => ({ body: keysOf(name, minuteMs / 6) }));
    const tokenFile = fileOf("token-1");
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `${source.url}/creds?role=r`);
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", tokenFile);
    const server = await serve(() => openSearchAbout("2.19.0"));
    const client = await open(server.url);
    expect(signerOf(server.received.at(-1))).toBe("FIRST");
    expect(source.received[0]).toMatchObject({ path: "/creds?role=r", headers: { authorization: "token-1" } });
    writeFileSync(tokenFile, "token-2");
    name = "SECOND";
    await expect
      .poll(async () => {
        await client.request(search, never);
        return signerOf(server.received.at(-1));
      }, soon)
      .toBe("SECOND");
    expect(source.received.at(-1)?.headers.authorization).toBe("token-2");
  });

  it("come from a container's source though both kinds of token are given", async () => {
    const source = await serve(() => ({ body: keysOf("BOTH") }));
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url);
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "plain");
    vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", fileOf("from-file"));
    expect(await signerOfSearch()).toBe("BOTH");
    expect(source.received[0]?.headers.authorization).toBe("from-file");
  });

  it("are asked for over plain HTTP on this machine alone", async () => {
    const source = await serve(() => ({ body: keysOf("FAR") }));
    // Another way to write loopback that is not on the list of what may be asked.
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url.replace("127.0.0.1", "0.0.0.0"));
    await faultOf();
    expect(source.received).toEqual([]);
  });

  it("come from an instance's metadata, by a session token", async () => {
    const source = await serve(({ method, path, headers }) => {
      if (method === "PUT" && path === "/latest/api/token") return { body: "imds-token" };
      if (headers["x-aws-ec2-metadata-token"] !== "imds-token") return { status: 401, body: "" };
      const roles = "/latest/meta-data/iam/security-credentials/";
      if (path === roles) return { body: "reader\n" };
      return path === `${roles}reader` ? { body: keysOf("INSTANCE") } : { status: 404, body: "" };
    });
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", undefined);
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", source.url);
    expect(await signerOfSearch()).toBe("INSTANCE");
    expect(Number(source.received[0]?.headers["x-aws-ec2-metadata-token-ttl-seconds"])).toBeGreaterThan(0);
  });

  it("are not looked for in metadata that is switched off", async () => {
    const source = await serve(() => ({ body: "" }));
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", source.url);
    expect(await faultOf()).toMatchObject({ message: expect.stringContaining("give a role") });
    expect(source.received).toEqual([]);
  });

  it("come from the token service for a service account's token", async () => {
    const keys = keysOf("ACCOUNT");
    const sts = await serve(() => ({ body: assumedRole(keys) }));
    stubWebIdentity(sts.url);
    expect(await signerOfSearch()).toBe("ACCOUNT");
    const form = new URLSearchParams(sts.received[0]?.body.toString());
    expect(form.get("Action")).toBe("AssumeRoleWithWebIdentity");
    expect(form.get("RoleArn")).toBe("arn:aws:iam::111122223333:role/reader");
    expect(form.get("WebIdentityToken")).toBe(accountToken);
  });

  it("come from a profile, and from a session of single sign-on", async () => {
    const credentials = [
      "[plain]",
      "aws_access_key_id = ASIAPROFILE",
      "aws_secret_access_key = secret-of-PROFILE",
      "aws_session_token = session-of-PROFILE",
    ];
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", fileOf(credentials.join("\n")));
    vi.stubEnv("AWS_PROFILE", "plain");
    expect(await signerOfSearch()).toBe("PROFILE");
    const keys = keysOf("PERSON");
    const portal = await serve(() => ({
      body: {
        roleCredentials: {
          accessKeyId: keys.AccessKeyId,
          secretAccessKey: keys.SecretAccessKey,
          sessionToken: keys.Token,
          expiration: Date.parse(keys.Expiration),
        },
      },
    }));
    stubSingleSignOn(portal.url);
    expect(await signerOfSearch()).toBe("PERSON");
    expect(portal.received[0]?.headers["x-amz-sso_bearer_token"]).toBe("sso-token");
  });

  it("of the variables come before a profile, and empty variables are none", async () => {
    vi.stubEnv("AWS_PROFILE", "no-such-profile");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "ASIAVARIABLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret-of-VARIABLE");
    vi.stubEnv("AWS_SESSION_TOKEN", "session-of-VARIABLE");
    expect(await signerOfSearch()).toBe("VARIABLE");
    for (const name of ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "");
    const source = await serve(() => ({ body: keysOf("CONTAINER") }));
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url);
    expect(await signerOfSearch()).toBe("CONTAINER");
  });
});

describe("keys that end", () => {
  it("are renewed 5 minutes before, and replaced once they have ended", async () => {
    const start = Date.parse("2026-01-05T10:00:00Z");
    vi.useFakeTimers({ toFake: ["Date"], now: start });
    let looks = 0;
    const source = await serve(() => ({ body: keysOf(`N${++looks}`, 10 * minuteMs) }));
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url);
    const server = await serve(() => openSearchAbout("2.19.0"));
    const client = await open(server.url);
    const signerAt = async (minutes: number): Promise<string> => {
      vi.setSystemTime(start + minutes * minuteMs);
      await client.request(search, never);
      const signer = signerOf(server.received.at(-1));
      await sleep(50);
      return signer;
    };
    expect(await signerAt(0)).toBe("N1");
    expect(await signerAt(4.9)).toBe("N1");
    expect(looks).toBe(1);
    expect(await signerAt(9.1)).toBe("N1");
    await expect.poll(() => looks, soon).toBe(2);
    await expect.poll(() => signerAt(9.2), soon).toBe("N2");
    expect(await signerAt(40)).toBe("N3");
    expect(looks).toBe(3);
  });

  it("are asked for once by all requests that wait for them", async () => {
    const source = await serve(() => ({ body: keysOf("SHARED", minuteMs / 2) }));
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url);
    const find = await createKeyFinder({ region: "eu-west-1", environment: process.env, limitMs: 5_000 });
    const found = await Promise.all(Array.from({ length: 10 }, () => find()));
    expect(new Set(found.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set(["ASIASHARED"]));
    expect(source.received).toHaveLength(1);
    await Promise.all(Array.from({ length: 10 }, () => find()));
    await expect.poll(() => source.received.length, soon).toBe(2);
    await sleep(100);
    expect(source.received).toHaveLength(2);
  });
});

describe("a source of keys that fails", () => {
  it("is asked again when it never answered, and nothing is printed", async () => {
    const silent = await serveSilence();
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", silent.url);
    const find = await createKeyFinder({ region: "eu-west-1", environment: process.env, limitMs: 1_300 });
    const asked = await Promise.allSettled([find(), find()]);
    for (const one of asked)
      expect(one).toMatchObject({ reason: { message: expect.stringContaining("no answer in 1.3 s") } });
    expect(silent.asked()).toBe(1);
    const source = await serve(() => ({ body: keysOf("LATER") }));
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url);
    expect(await find()).toMatchObject({ accessKeyId: "ASIALATER" });
  });

  it("does not hold up a stop", async () => {
    const silent = await serveSilence();
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", silent.url);
    const server = await serve(() => openSearchAbout("2.19.0"));
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const began = performance.now();
    await expect(open(server.url, stop.signal)).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it("shows nothing of an answer that is no JSON", async () => {
    const source = await serve(() => ({ body: `{"AccessKeyId":"ASIAX","SecretAccessKey": hunter2secret }` }));
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", source.url);
    expect(await faultOf(["hunter2", "ASIAX"])).toMatchObject({
      message: expect.stringContaining("an answer is no JSON"),
    });
  });

  it("is named", async () => {
    const refusing = await serve(() => ({ status: 403, body: {} }));
    const message = async (): Promise<unknown> => Reflect.get(Object(await faultOf()), "message");
    expect(await message()).toContain("none from a profile, and AWS_EC2_METADATA_DISABLED is set");
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "false");
    vi.stubEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT", refusing.url);
    expect(await message()).toContain("none from the instance's metadata");
    vi.stubEnv("AWS_PROFILE", "no-such-profile");
    vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", refusing.url.replace("127.0.0.1", "127.0.0.2"));
    expect(await message()).toContain(
      "none from what AWS_PROFILE names and what AWS_CONTAINER_CREDENTIALS_FULL_URI names",
    );
  });

  it("is not trusted with an end that is no date", async () => {
    const keys = JSON.stringify({ Version: 1, AccessKeyId: "ASIAX", SecretAccessKey: "hunter2", Expiration: "soon" });
    vi.stubEnv("AWS_CONFIG_FILE", fileOf(`[profile odd]\ncredential_process = echo '${keys}'\n`));
    vi.stubEnv("AWS_PROFILE", "odd");
    expect(await faultOf(["hunter2"])).toMatchObject({ message: expect.stringContaining("is no date") });
  });

  it("says why a role is refused, without the token", async () => {
    const refusal = `1 validation error: Value '${accountToken}' at 'webIdentityToken' is refused, as is ${accountToken}`;
    const sts = await serve(() => ({
      status: 403,
      body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${refusal}</Message></Error></ErrorResponse>`,
    }));
    stubWebIdentity(sts.url);
    expect(await faultOf([accountToken])).toMatchObject({
      message: expect.stringMatching(/AccessDenied: 1 validation error: Value at 'webIdentityToken' is refused/),
    });
  });
});

it("without aws nothing of the library is loaded", async () => {
  const root = resolve(import.meta.dirname, "../..");
  const script = `
    await import("./connectors/opensearch/connector.ts");
    const { createRequire } = await import("node:module");
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify(loaded.filter((path) => /node_modules.(@aws-sdk|@smithy)/.test(path))));
    await import("@aws-sdk/credential-provider-node");
    console.log(Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("@aws-sdk")));`;
  const flags = ["--conditions=source", "--input-type=module", "-e"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script], { cwd: root });
  expect(stdout).toBe("[]\ntrue\n");
}, 30_000);

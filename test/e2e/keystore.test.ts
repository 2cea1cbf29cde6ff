import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { elasticsearchAbout, openSearchAbout, startFakeServer } from "../unit/siem-fake-server.ts";
import { type Finished, freshFolder, root } from "./tagsmith-process.ts";

const apiKey = "c2llbS1rZXk6aHVudGVyLTI=";
const passwords = {
  siem: "päss:word $& with blanks ",
  redis: "redis-hunter-2",
  split: "line-one-hunter\nline-two-hunter",
};
const passphrase = "open-sesame-passphrase";
const never = [apiKey, passphrase, ...Object.values(passwords).flatMap((text) => text.split("\n")), "wrong-sesame"];

const folder = freshFolder("keystore");
const environment = { TAGSMITH_KEYSTORE: join(folder, "own", "keystore"), TAGSMITH_KEYSTORE_PASSPHRASE: passphrase };
const printed: string[] = [];
const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

/** Runs the real program; all it prints is kept, to be searched for secrets. */
function tagsmith(args: readonly string[], stdin = "", more: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const env = { ...process.env, ...environment, ...more };
  const child = spawn(process.execPath, [join(root, "bin", "tagsmith.js"), ...args], { cwd: folder, env });
  const finished = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (finished.out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (finished.err += chunk.toString("utf8")));
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      printed.push(finished.out, finished.err);
      done({ code, ...finished });
    });
  });
}

function add(name: string, secret: string): Promise<Finished> {
  return tagsmith(["keystore", "add", name, "--stdin"], secret);
}

function config(name: string, text: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}

const files = `{ type: file, labels: ${folder}/l, verdicts: ${folder}/v, dead_letters: ${folder}/d }`;
const entry = (name: string): string => `"\${keystore:${name}}"`;

/** A Redis that knows nobody; it keeps what it is told. */
async function startStrictRedis(): Promise<{ readonly url: string; told(): string }> {
  let told = "";
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      told += chunk.toString("utf8");
      socket.write("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => server.close());
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, told: () => told };
}

describe("tagsmith keystore", { timeout: 120_000 }, () => {
  it("makes a keystore once, and says what protects it", async () => {
    const bare = join(folder, "bare");
    const open = { TAGSMITH_KEYSTORE: bare, TAGSMITH_KEYSTORE_PASSPHRASE: "" };
    const [first, second] = [await tagsmith(["keystore", "create"]), await tagsmith(["keystore", "create"], "", open)];
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(first.err).toContain("protected by its passphrase");
    expect(second.err).toContain("its mode (0600) is all that protects it");
    const again = await tagsmith(["keystore", "create"]);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("--force")]);
    chmodSync(bare, 0o644);
    const exposed = await tagsmith(["keystore", "list"], "", open);
    expect([exposed.code, exposed.err]).toEqual([2, expect.stringContaining("keystore_exposed")]);
  });

  it("loses nothing when several add at once, and lists names only", async () => {
    const entries = { reader: apiKey, siem: passwords.siem, redis: passwords.redis, split: passwords.split };
    const added = await Promise.all(Object.entries(entries).map(([name, secret]) => add(name, `${secret}\n`)));
    expect(added.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect((await add("gone", "x")).code).toBe(0);
    expect((await tagsmith(["keystore", "remove", "gone"])).code).toBe(0);
    const { code, out, err } = await tagsmith(["keystore", "list"]);
    expect([code, out, err]).toEqual([0, "reader\nredis\nsiem\nsplit\n", ""]);
    for (const secret of never) expect(readFileSync(environment.TAGSMITH_KEYSTORE, "latin1")).not.toContain(secret);
  });

  it("refuses what cannot be added", async () => {
    const cases: readonly (readonly [Promise<Finished>, RegExp])[] = [
      [add("reader", "other"), /has an entry reader\. --force replaces it/],
      [add("empty", "\n"), /The secret is empty/],
      [add("large", "x".repeat(1024 * 1024 + 1)), /1048576 bytes at most/],
      [tagsmith(["keystore", "add", "../x y", "--stdin"], "x"), /NAME takes/],
      [tagsmith(["keystore", "add", "asked"]), /--stdin/],
      [tagsmith(["keystore", "remove", "no_such"]), /keystore_name_missing/],
      [tagsmith(["keystore", "add", "named", `--value=${passwords.redis}`]), /unknown option '--value'/],
      [tagsmith(["keystore", "add", "named", passwords.redis]), /too many arguments/],
      [tagsmith(["keystore", "list"], "", { TAGSMITH_KEYSTORE_PASSPHRASE: "wrong-sesame" }), /wrong, or the file/],
      [tagsmith(["keystore", "list"], "", { TAGSMITH_KEYSTORE_PASSPHRASE: "" }), /keystore_passphrase_missing/],
      [tagsmith(["keystore", "list"], "", { TAGSMITH_KEYSTORE: join(folder, "no") }), /keystore_missing/],
    ];
    for (const [running, message] of cases) {
      const { code, out, err } = await running;
      expect([code, out, err]).toEqual([2, "", expect.stringMatching(message)]);
    }
  });
});

describe("settings that name entries of the keystore", { timeout: 120_000 }, () => {
  it("give a source and a sink their credentials", async () => {
    const elastic = await startFakeServer(({ path }) =>
      path === "/" ? elasticsearchAbout("9.4.3") : { status: 401, body: { error: { type: "security_exception" } } },
    );
    const search = await startFakeServer(({ path }) =>
      path === "/" ? openSearchAbout("3.4.0") : { status: 404, body: {} },
    );
    closers.push(elastic.close, search.close);
    const source = `{ type: elasticsearch, urls: ["${elastic.url}"], api_key: ${entry("reader")}, indices: [logs] }`;
    const sink = `{ type: opensearch, urls: ["${search.url}"], username: u, password: ${entry("siem")} }`;
    const state = `state: { path: ${folder}/state.db }`;
    const run = await tagsmith(["run", "--config", config("run", `source: ${source}\nsink: ${files}\n${state}`)]);
    expect([run.code, run.err]).toEqual([7, expect.stringContaining("siem_unauthorized")]);
    expect(new Set(elastic.received.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`ApiKey ${apiKey}`]),
    );
    const status = await tagsmith(["status", "--config", config("status", `source: ${source}\nsink: ${sink}`)]);
    expect([status.code, status.err]).toEqual([0, ""]);
    const basic = `Basic ${Buffer.from(`u:${passwords.siem}`).toString("base64")}`;
    expect(new Set(search.received.map(({ headers }) => headers.authorization))).toEqual(new Set([basic]));
  });

  it("give queue and cluster the password of Redis", async () => {
    const source = `source: { type: file, paths: ["${folder}/none"] }\nsink: ${files}`;
    for (const [name, command] of [
      ["queue", "fleet"],
      ["cluster", "status"],
    ] as const) {
      const redis = await startStrictRedis();
      const settings = `redis_url: "${redis.url}", username: u, password: ${entry("redis")}`;
      const part = name === "queue" ? `queue: { type: bullmq, ${settings} }` : `cluster: { redis: { ${settings} } }`;
      const { code, err } = await tagsmith([command, "--config", config(name, `${source}\n${part}`)]);
      expect([code, err]).toEqual([8, expect.stringContaining("queue_redis_unauthorized")]);
      expect(redis.told()).toContain(passwords.redis);
    }
  });

  it("end the command with setting, place and fix where there is no such entry, and with no secret where it does not fit", async () => {
    const sink = (key: string, url = "http://127.0.0.1:1"): string =>
      `source: { type: file, paths: [x] }\nsink: { type: elasticsearch, urls: ["${url}"], api_key: ${key} }`;
    const missing = await tagsmith(["status", "--config", config("missing", sink(entry("no_such")))]);
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringMatching(
        /keystore_name_missing: sink\.api_key: .*own\/keystore has no entry no_such\. .*keystore add no_such/,
      ),
    ]);
    const elastic = await startFakeServer(() => elasticsearchAbout("9.4.3"));
    closers.push(elastic.close);
    const split = await tagsmith(["status", "--config", config("split", sink(entry("split"), elastic.url))]);
    expect([split.code, split.err]).toEqual([2, expect.stringContaining("api_key: holds a line break")]);
    expect(elastic.received).toEqual([]);
  });

  it("never make a command print a secret or a passphrase", async () => {
    for (const words of [["keystore"], ["keystore", "add"], ["keystore", "create"]])
      await tagsmith([...words, "--help"]);
    expect(printed.length).toBeGreaterThan(40);
    for (const secret of never) for (const text of printed) expect(text).not.toContain(secret);
    for (const text of printed) expect(text).not.toMatch(/unexpected|node_modules|^ +at /m);
  });
});

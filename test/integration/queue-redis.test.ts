import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { readFleet } from "../../src/queue/fleet.ts";
import { connectRedis, type RedisSettings } from "../../src/queue/redis-connection.ts";
import { bitsOf } from "../contract/check-encoder.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { type RedisOptions, type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { startRedisCluster } from "../servers/start-redis-cluster.ts";
import { startTcpProxy } from "../servers/tcp-proxy.ts";
import { openProducer, openWorker, rankByHash, redisAt, textsOf } from "./queue-scene.ts";

const open = new AbortController().signal;
const expected = (texts: readonly string[]): number[][] => texts.map((text) => bitsOf(rankByHash(text)));

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function redisWith(options: RedisOptions = {}): Promise<RunningRedis> {
  const server = await startRedis(options);
  closers.push(() => server.stop());
  return server;
}

/** A producer and a worker that takes 20 ms a batch. */
async function pairOn(redis: RedisSettings, more: Parameters<typeof openProducer>[1] = {}) {
  const codes = new Set<string>();
  const onTrouble = ({ code }: TagsmithError): void => void codes.add(code);
  const worker = await openWorker(redis, {
    onTrouble,
    encode: async (texts) => {
      await sleep(20);
      return texts.map(rankByHash);
    },
  });
  closers.push(() => worker.close(1_000));
  const producer = await openProducer(redis, { onTrouble, ...more });
  closers.push(() => producer.close());
  return { producer, worker, codes };
}

describe("a Redis that fails", () => {
  it("and forgets everything costs time only", async () => {
    const server = await redisWith();
    const { producer, codes } = await pairOn(redisAt(server.url));
    const texts = textsOf("lost", 2_000);
    const result = producer.encode(texts, open);
    for (let round = 0; round < 3; round += 1) {
      await sleep(150);
      await server.kill("SIGKILL");
      await sleep(100);
      await server.start();
    }
    expect((await result).map(bitsOf)).toEqual(expected(texts));
    expect(codes).toContain("queue_redis_unreachable");
    expect(producer.counters().retries).toBeGreaterThan(0);
  }, 60_000);

  it("goes on where it was when it keeps a log", async () => {
    const server = await redisWith({ config: ["appendonly yes", "appendfsync everysec"] });
    const { producer } = await pairOn(redisAt(server.url));
    const texts = textsOf("kept", 2_000);
    const result = producer.encode(texts, open);
    await sleep(200);
    await server.kill("SIGTERM");
    await server.start();
    expect((await result).map(bitsOf)).toEqual(expected(texts));
  }, 60_000);

  it("is emptied by somebody else, and the jobs are sent again", async () => {
    const server = await redisWith();
    const redis = redisAt(server.url);
    const { producer } = await pairOn(redis);
    const connection = await connectRedis(redis, () => undefined);
    closers.push(() => connection.close());
    const texts = textsOf("flushed", 2_000);
    const result = producer.encode(texts, open);
    for (let round = 0; round < 3; round += 1) {
      await sleep(100);
      await connection.call("FLUSHALL", []);
    }
    expect((await result).map(bitsOf)).toEqual(expected(texts));
  }, 60_000);

  it("is full: the shared cache gives way, nothing else", async () => {
    const server = await redisWith({ config: ["maxmemory 3mb", "maxmemory-policy noeviction"] });
    const { producer, codes } = await pairOn(redisAt(server.url));
    for (let round = 0; round < 10; round += 1) {
      const texts = textsOf(`full ${round}`, 1_500);
      expect((await producer.encode(texts, open)).map(bitsOf)).toEqual(expected(texts));
    }
    expect(codes).toContain("queue_redis_full");
  }, 60_000);

  it("hangs for a while, and is waited for", async () => {
    const server = await redisWith();
    const { producer } = await pairOn(redisAt(server.url));
    const texts = textsOf("slow", 1_000);
    const result = producer.encode(texts, open);
    await sleep(100);
    process.kill(server.pid, "SIGSTOP");
    await sleep(2_500);
    process.kill(server.pid, "SIGCONT");
    expect((await result).map(bitsOf)).toEqual(expected(texts));
  }, 60_000);
});

describe("a Redis with a replica and a sentinel", () => {
  it("fails over to the replica, and work goes on there", async () => {
    const primary = await redisWith();
    const replica = await redisWith({ config: [`replicaof 127.0.0.1 ${primary.port}`] });
    const sentinel = await redisWith({
      isSentinel: true,
      config: [
        `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
        "sentinel down-after-milliseconds main 500",
        "sentinel failover-timeout main 3000",
      ],
    });
    const watcher = await connectRedis(redisAt(sentinel.url), () => undefined);
    closers.push(() => watcher.close());
    while (!String(await watcher.call("SENTINEL", ["replicas", "main"])).includes(String(replica.port)))
      await sleep(100);
    const sentinels = { name: "main", hosts: [{ host: "127.0.0.1", port: sentinel.port }] };
    const { producer } = await pairOn(redisAt("redis://main.example.com", { sentinels }));
    const texts = textsOf("failover", 3_000);
    const result = producer.encode(texts, open);
    await sleep(200);
    await primary.kill("SIGKILL");
    expect((await result).map(bitsOf)).toEqual(expected(texts));
    const [, port] = Object(await watcher.call("SENTINEL", ["get-master-addr-by-name", "main"]));
    expect(Number(port)).toBe(replica.port);
  }, 90_000);
});

describe("a Redis whose first sentinel hangs", () => {
  it("is found through the next one", async () => {
    const primary = await redisWith();
    const config = [`sentinel monitor main 127.0.0.1 ${primary.port} 1`];
    const sentinel = await redisWith({ isSentinel: true, config });
    const hanging = await startTcpProxy(sentinel.port);
    closers.push(() => hanging.close());
    hanging.silence();
    const hosts = [hanging, sentinel].map(({ port }) => ({ host: "127.0.0.1", port }));
    const { producer } = await pairOn(redisAt("redis://main.example.com", { sentinels: { name: "main", hosts } }));
    expect((await producer.encode(["id"], open)).map(bitsOf)).toEqual(expected(["id"]));
  }, 60_000);
});

describe("a network that fails", () => {
  it("is cut and mended again and again", async () => {
    const server = await redisWith();
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const { producer, codes } = await pairOn(redisAt(`redis://127.0.0.1:${proxy.port}`));
    const texts = textsOf("cut", 2_000);
    const result = producer.encode(texts, open);
    for (let round = 0; round < 5; round += 1) {
      await sleep(100);
      proxy.cut();
      await sleep(200);
      proxy.mend();
    }
    expect((await result).map(bitsOf)).toEqual(expected(texts));
    expect(codes).toContain("queue_redis_unreachable");
  }, 60_000);

  it("swallows what is said, and late answers do no harm", async () => {
    const server = await redisWith();
    const proxy = await startTcpProxy(server.port);
    closers.push(() => proxy.close());
    const { producer } = await pairOn(redisAt(`redis://127.0.0.1:${proxy.port}`));
    const texts = textsOf("silent", 1_000);
    const result = producer.encode(texts, open);
    await sleep(100);
    proxy.silence();
    await sleep(500);
    proxy.mend();
    proxy.delay(80);
    expect((await result).map(bitsOf)).toEqual(expected(texts));
  }, 60_000);

  it("lets an encode be given up at once while nothing answers", async () => {
    const server = await redisWith();
    const { producer } = await pairOn(redisAt(server.url));
    await server.kill("SIGKILL");
    const stop = new AbortController();
    const result = producer.encode(["whoami"], stop.signal);
    await sleep(200);
    const since = performance.now();
    stop.abort(new Error("stop"));
    await expect(result).rejects.toThrow("stop");
    expect(performance.now() - since).toBeLessThan(5_000);
    await server.start();
    expect((await producer.encode(["id"], open)).map(bitsOf)).toEqual(expected(["id"]));
  }, 60_000);
});

describe("a Redis that is guarded or divided", () => {
  it("takes user and password, and is not left alone by those without", async () => {
    const acl = "user tagsmith on >pass:word@1 ~{guarded}* +@all -@dangerous +info";
    const server = await redisWith({ config: ["requirepass other", acl] });
    const redis = redisAt(server.url, { keyPrefix: "guarded", username: "tagsmith", password: "pass:word@1" });
    const { producer } = await pairOn(redis);
    expect((await producer.encode(["id"], open)).map(bitsOf)).toEqual(expected(["id"]));
    await expect(openProducer(redisAt(server.url))).rejects.toMatchObject({
      code: "queue_redis_unauthorized",
      remedy: "exit",
    });
    await expect(openProducer({ ...redis, password: "wrong" })).rejects.toMatchObject({
      code: "queue_redis_unauthorized",
    });
    const inUrl = `redis://tagsmith:${encodeURIComponent("pass:word@1")}@127.0.0.1:${server.port}`;
    const other = await openProducer({ ...redis, url: inUrl, username: undefined, password: undefined });
    closers.push(() => other.close());
    expect((await other.encode(["ls"], open)).map(bitsOf)).toEqual(expected(["ls"]));
  }, 60_000);

  it("speaks TLS to whom the authority has signed, and to nobody else", async ({ skip }) => {
    const { ca, cert, key, otherCa } = makeCertificates();
    const config = [
      "tls-cert-file {folder}/cert",
      "tls-key-file {folder}/key",
      "tls-auth-clients no",
      "tls-ca-cert-file {folder}/ca",
    ];
    const started = await redisWith({ isTls: true, config, files: { ca, cert, key } }).catch((error: unknown) => {
      if (/tls-port/.test(String(error))) return undefined;
      throw error;
    });
    const server = started ?? skip("this redis-server was built without TLS");
    const { producer } = await pairOn(redisAt(server.url, { ca }));
    expect((await producer.encode(["id"], open)).map(bitsOf)).toEqual(expected(["id"]));
    for (const wrong of [otherCa, undefined]) {
      await expect(openProducer(redisAt(server.url, { ca: wrong }))).rejects.toMatchObject({
        code: "queue_redis_tls_failed",
        remedy: "exit",
      });
    }
  }, 60_000);

  it("is a cluster of three: all keys of a queue and of its tenants stand in one slot", async () => {
    const cluster = await startRedisCluster();
    closers.push(() => cluster.stop());
    const redis = redisAt(cluster.url, { isCluster: true });
    const { producer } = await pairOn(redis);
    const texts = textsOf("cluster", 2_000);
    expect((await producer.encode(texts, open)).map(bitsOf)).toEqual(expected(texts));
    const tenant = await openProducer(redis, { tenant: "other", lane: "backfill" });
    closers.push(() => tenant.close());
    const more = textsOf("tenant", 200);
    expect((await tenant.encode(more, open)).map(bitsOf)).toEqual(expected(more));
    const connection = await connectRedis(redis, () => undefined);
    closers.push(() => connection.close());
    const fleet = await readFleet(connection);
    expect(fleet.members.map(({ role }) => role).sort()).toEqual(["producer", "producer", "worker"]);
    expect((await cluster.sizes()).filter((size) => size > 0).length).toBe(1);
  }, 60_000);
});

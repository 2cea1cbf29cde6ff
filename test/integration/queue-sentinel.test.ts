import { afterEach, describe, expect, it } from "vitest";
import { connectRedis, type RedisSettings } from "../../src/queue/redis-connection.ts";
import { makeCertificates } from "../servers/certificates.ts";
import { startRedis } from "../servers/start-redis.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const tlsLines = [
  "tls-cert-file {folder}/cert",
  "tls-key-file {folder}/key",
  "tls-auth-clients no",
  "tls-ca-cert-file {folder}/ca",
  "tls-replication yes",
];

/** A server and a sentinel that speak TLS only, each with a password of its own; undefined where Redis has no TLS. */
async function startGuarded(files: Readonly<Record<string, string>>) {
  const primary = await startRedis({ isTls: true, files, config: [...tlsLines, "requirepass of-servers"] }).catch(
    (error: unknown) => {
      if (/tls-port/.test(String(error))) return undefined;
      throw error;
    },
  );
  if (primary === undefined) return undefined;
  closers.push(() => primary.stop());
  const watch = [`sentinel monitor main 127.0.0.1 ${primary.port} 1`, "sentinel auth-pass main of-servers"];
  const config = [...tlsLines, "requirepass of-sentinels", ...watch];
  const sentinel = await startRedis({ isTls: true, isSentinel: true, files, config });
  closers.push(() => sentinel.stop());
  return { primary, sentinel };
}

describe("sentinels with TLS and passwords", () => {
  it("tell where the primary is, which is spoken to over TLS, too", async ({ skip }) => {
    const { ca, cert, key, otherCa } = makeCertificates();
    const { primary, sentinel } = (await startGuarded({ ca, cert, key })) ?? skip("this redis-server has no TLS");
    const hosts = [{ host: "127.0.0.1", port: sentinel.port }];
    const sentinels = { name: "main", hosts, isTls: true, password: "of-sentinels" };
    // The address of the scheme is not used.
    const url = "rediss://127.0.0.1:1/2";
    const settings: RedisSettings = { url, password: "of-servers", ca, isCluster: false, keyPrefix: "x", sentinels };
    const connection = await connectRedis(settings, () => undefined);
    closers.push(() => connection.close());
    expect(await connection.call("SET", [connection.key("a"), "b"])).toBe("OK");
    const direct = await connectRedis({ ...settings, url: `${primary.url}/2`, sentinels: undefined }, () => undefined);
    closers.push(() => direct.close());
    expect(await direct.call("GET", [direct.key("a")])).toBe("b");

    const codeOf = (change: Partial<RedisSettings>, withinMs = 20_000) =>
      connectRedis({ ...settings, ...change }, () => undefined, withinMs).then(
        () => "connected",
        ({ code }) => code,
      );
    expect(await codeOf({ sentinels: { ...sentinels, password: "wrong" } })).toBe("queue_redis_unauthorized");
    expect(await codeOf({ sentinels: { ...sentinels, password: undefined } })).toBe("queue_redis_unauthorized");
    expect(await codeOf({ password: "wrong" })).toBe("queue_redis_unauthorized");
    expect(await codeOf({ ca: otherCa })).toBe("queue_redis_tls_failed");
    // Without TLS the sentinel understands nothing, and the server less.
    expect(await codeOf({ sentinels: { ...sentinels, isTls: false } }, 1_000)).toBe("queue_redis_unreachable");
    expect(await codeOf({ url: "redis://127.0.0.1:1/2" }, 1_000)).toBe("queue_redis_unreachable");
  }, 60_000);
});

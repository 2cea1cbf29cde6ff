import { afterEach, describe, expect, it, vi } from "vitest";
import { clusterRedisSettings, redisSettings } from "../../src/cli/queue-settings.ts";
import { parseConfig } from "../../src/config/load-config.ts";

const minimal = "source: { type: file, paths: [a] }\nsink: { type: file }\n";
const configOf = (more: string) => parseConfig(`${minimal}${more}`, "t.yaml");
const sentinelOf = (redisUrl: string, more = "") =>
  redisSettings(
    configOf(`queue: { redis_url: "${redisUrl}", sentinel: { name: main, hosts: ["192.0.2.1:26379"]${more} } }\n`),
  ).sentinels;

afterEach(() => vi.unstubAllEnvs());

describe("where Redis is", () => {
  it("asks sentinels over TLS where the servers have it, unless told otherwise", () => {
    expect(sentinelOf("redis://a")).toMatchObject({ name: "main", isTls: false, password: undefined });
    expect(sentinelOf("rediss://a")).toMatchObject({ hosts: [{ host: "192.0.2.1", port: 26_379 }], isTls: true });
    expect(sentinelOf("rediss://a", ", tls: false")?.isTls).toBe(false);
    expect(sentinelOf("redis://a", ", tls: true")?.isTls).toBe(true);
  });

  it("reads the sentinels' own user and password as other secrets, and says where one is missing", () => {
    vi.stubEnv("OF_SENTINELS", "s3ntinel");
    expect(sentinelOf("redis://a", ', username: watch, password: "${' + 'env:OF_SENTINELS}"')).toMatchObject({
      username: "watch",
      password: "s3ntinel",
    });
    vi.stubEnv("OF_SENTINELS", "");
    const cluster = (password: string) =>
      clusterRedisSettings(
        configOf(
          `cluster: { redis: { sentinel: { name: main, hosts: ["a:1"], password: "${password}" } } }\nqueue: {}\n`,
        ),
      );
    expect(cluster("plain").sentinels?.password).toBe("plain");
    expect(() => cluster("${" + "env:OF_SENTINELS}")).toThrow(/^cluster\.redis\.sentinel\.password: .*OF_SENTINELS/);
  });
});

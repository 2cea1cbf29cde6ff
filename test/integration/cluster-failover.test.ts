import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder } from "../e2e/tagsmith-process.ts";
import { startRedisCluster } from "../servers/start-redis-cluster.ts";
import { failoverSuite } from "./cluster-failover-suite.ts";
import { endOf, readOutcome, startNode, writeInput, writeNodeConfig } from "./cluster-scene.ts";

describe("a cluster whose Redis fails over", () => {
  failoverSuite([["killed", 6_000]], 4);
});

describe("a cluster whose Redis is a cluster of three", () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  it("writes what one process writes", async () => {
    const redis = await startRedisCluster();
    try {
      const folder = freshFolder("cluster-sharded");
      const [input, alone, shared] = ["input", "alone", "shared"].map((name) => join(folder, name));
      writeInput(input ?? "", { files: 4, eventsPerFile: 200, seed: 8 });
      const paths = [join(input ?? "", "*.ndjson")];
      const cluster = `cluster: { lease_ms: 1000, partitions: 8, redis: { redis_url: "${redis.url}", cluster: true } }`;
      const configs = [
        writeNodeConfig(alone ?? "", "alone", paths, ""),
        ...["a", "b"].map((name) => writeNodeConfig(shared ?? "", name, paths, cluster)),
      ];
      children.push(...configs.map((config) => startNode(config, 20, (text) => process.stderr.write(text))));
      expect(await Promise.all(children.map(endOf))).toEqual([0, 0, 0]);
      expect(readOutcome(shared ?? "")).toEqual(readOutcome(alone ?? ""));
      expect((await redis.sizes()).filter((size) => size > 0).length).toBe(1);
    } finally {
      await redis.stop();
    }
  }, 60_000);
});

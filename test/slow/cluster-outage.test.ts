import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder } from "../e2e/tagsmith-process.ts";
import { endOf, readOutcome, startNode, writeInput, writeNodeConfig } from "../integration/cluster-scene.ts";
import { startRedis } from "../servers/start-redis.ts";
import { startTcpProxy } from "../servers/tcp-proxy.ts";

/** Ten minutes: TAGSMITH_OUTAGE_SECS=600. */
const outageSecs = Number(process.env["TAGSMITH_OUTAGE_SECS"] ?? 60);
const slowMs = 150;

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** Of a process, in MB; 0 where the system does not tell. */
function residentMb({ pid }: ChildProcess): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

describe("a cluster whose Redis is in long trouble", () => {
  for (const how of ["cut", "silent", "slow"] as const) {
    it(`writes what one process writes when Redis was ${how} for ${outageSecs} s, and keeps its memory`, async () => {
      const server = await startRedis({ config: ["appendonly yes"] });
      const proxy = await startTcpProxy(server.port);
      try {
        const folder = freshFolder("cluster-outage");
        const [input = "", alone = "", shared = ""] = ["input", "alone", "shared"].map((name) => join(folder, name));
        writeInput(input, { files: 24, eventsPerFile: 200, seed: 3 });
        const paths = [join(input, "*.ndjson")];
        expect(await endOf(startNode(writeNodeConfig(alone, "alone", paths, ""), 0))).toBe(0);
        const redis = `redis: { redis_url: "redis://127.0.0.1:${proxy.port}" }`;
        const cluster = `cluster: { lease_ms: 3000, partitions: 16, max_slices: 2, ${redis} }`;
        const nodes = ["a", "b"].map((name) => startNode(writeNodeConfig(shared, name, paths, cluster), 150));
        children.push(...nodes);
        await sleep(4_000);
        const before = nodes.map(residentMb);
        if (how === "cut") proxy.cut();
        else if (how === "silent") proxy.silence();
        else proxy.delay(slowMs);
        // What is slow may end before that.
        await Promise.race([Promise.all(nodes.map(endOf)), sleep(outageSecs * 1_000)]);
        const grownMb = nodes.map((node, n) => residentMb(node) - (before[n] ?? 0));
        const mendedMs = performance.now();
        proxy.mend();
        expect(await Promise.all(nodes.map(endOf))).toEqual([0, 0]);
        const endedSecs = (performance.now() - mendedMs) / 1_000;
        process.stdout.write(`${JSON.stringify({ how, outageSecs, before, grownMb, endedSecs })}\n`);
        expect(readOutcome(shared)).toEqual(readOutcome(alone));
        expect(Math.max(...grownMb)).toBeLessThan(100);
      } finally {
        for (const child of children.splice(0)) child.kill("SIGKILL");
        await proxy.close();
        await server.stop();
      }
    }, 1_200_000);
  }
});

import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { freshFolder } from "../e2e/tagsmith-process.ts";
import { startSentinels } from "../servers/start-sentinels.ts";
import { endOf, readOutcome, startNode, writeInput, writeNodeConfig } from "./cluster-scene.ts";

const nodes = 3;
const files = 24;
const eventsPerFile = 200;
const downAfterMs = 500;
/** A replica that lags by so much loses what was acknowledged last. */
const lagMs = 400;

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

/** How the primary goes away. */
type Failure = "killed" | "paused";

/** One failover for each lease, in the middle of the work; each run must write what one process writes. */
export function failoverSuite(rounds: readonly (readonly [how: Failure, leaseMs: number])[], seed: number): void {
  for (const [how, leaseMs] of rounds) {
    it(`goes on at the replica when the primary is ${how} with leases of ${leaseMs} ms, and writes once what the replica had not got`, async () => {
      const random = createRandom(seed);
      const folder = freshFolder("cluster-failover");
      const input = join(folder, "input");
      writeInput(input, { files, eventsPerFile, seed: 3 });
      const paths = [join(input, "*.ndjson")];
      const alone = join(folder, "alone");
      expect(await endOf(startNode(writeNodeConfig(alone, "alone", paths, ""), 0))).toBe(0);
      const redis = await startSentinels(downAfterMs);
      const said = new Map<string, number>();
      try {
        const hosts = redis.hosts.map(({ host, port }) => `${host}:${port}`);
        const sentinel = `redis_url: "redis://${redis.name}", sentinel: { name: ${redis.name}, hosts: ${JSON.stringify(hosts)} }`;
        const cluster = `cluster: { lease_ms: ${leaseMs}, partitions: 16, max_slices: 2, redis: { ${sentinel} } }`;
        const shared = join(folder, "shared");
        const running = Array.from({ length: nodes }, (_, n) => {
          const child = startNode(writeNodeConfig(shared, `node-${n}`, paths, cluster), 400, (text) => {
            for (const [, code = ""] of text.matchAll(/tagsmith: (\w+):/g)) said.set(code, (said.get(code) ?? 0) + 1);
            if (!/tagsmith: \w+:/.test(text)) process.stderr.write(text);
          });
          children.add(child);
          return child;
        });
        await whileAllRun(running, async () => countLabels(shared) < (files * eventsPerFile) / 5, 100);
        redis.lag(lagMs);
        await sleep(lagMs + random.below(500));
        await whileAllRun(running, async () => (await redis.behind()) < 5_000, 20);
        const failedMs = performance.now();
        if (how === "killed") await redis.primary.kill();
        else process.kill(redis.primary.pid, "SIGSTOP");
        while ((await redis.primaryPort()) !== redis.replica.port) await sleep(100);
        const failoverSecs = (performance.now() - failedMs) / 1_000;
        if (how === "paused") {
          await sleep(500);
          process.kill(redis.primary.pid, "SIGCONT");
        }
        expect(await Promise.all(running.map(endOf))).toEqual(running.map(() => 0));
        const endedSecs = (performance.now() - failedMs) / 1_000;
        process.stdout.write(
          `${JSON.stringify({ how, leaseMs, failoverSecs, endedSecs, said: Object.fromEntries(said) })}\n`,
        );
        const [outcome, expected] = [readOutcome(shared), readOutcome(alone)];
        const codes = [...said.keys()].filter((code) => /^cluster_(lease|checkpoint)_lost$/.test(code));
        if (how === "killed") expect(codes).not.toEqual([]);
        expect(outcome.labels.length).toBe(files * eventsPerFile);
        expect(outcome).toEqual(expected);
      } finally {
        for (const child of children) child.kill("SIGKILL");
        await redis.stop();
      }
    }, 120_000);
  }
}

/** Throws when a node ends in the meantime: the failover would come too late. */
async function whileAllRun(
  running: readonly ChildProcess[],
  isSo: () => Promise<boolean>,
  lookEveryMs: number,
): Promise<void> {
  while (await isSo()) {
    const ended = running.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended !== undefined) throw new Error(`a node has ended before the failover, with ${ended.exitCode}`);
    await sleep(lookEveryMs);
  }
}

/** None before the first node has begun. */
function countLabels(folder: string): number {
  return existsSync(folder) ? readOutcome(folder).labels.length : 0;
}

import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { freshFolder } from "../e2e/tagsmith-process.ts";
import { startRedis } from "../servers/start-redis.ts";
import { startTcpProxy } from "../servers/tcp-proxy.ts";
import { endOf, readOutcome, startNode, writeInput, writeNodeConfig, writeRules } from "./cluster-scene.ts";

const nodes = 3;
const leaseMs = 1_000;
const batchMs = 350;

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

function start(config: string, said: Map<string, number>): ChildProcess {
  const child = startNode(config, batchMs, (text) => {
    for (const [, code = ""] of text.matchAll(/tagsmith: (\w+):/g)) said.set(code, (said.get(code) ?? 0) + 1);
    if (!/tagsmith: \w+:/.test(text)) process.stderr.write(text);
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** So many faults at random, in as many runs as it takes; each run must write what one process writes. */
export function faultSuite(faults: number, seed: number): void {
  it(`labels each event, judges each session and gives each alert once in spite of ${faults} faults, as one process does`, async () => {
    const folder = freshFolder("cluster-faults");
    const input = join(folder, "input");
    writeInput(input, { files: 24, eventsPerFile: 200, seed: 3 });
    const alone = join(folder, "alone");
    const detect = writeRules(folder, 24);
    expect(await endOf(startNode(writeNodeConfig(alone, "alone", [join(input, "*.ndjson")], detect), 0))).toBe(0);
    const expected = readOutcome(alone);
    expect(expected.labels.length).toBe(4_800);
    const ruleNames = new Set(expected.alerts.map((line): string => JSON.parse(line).rule.name));
    expect(ruleNames.size).toBe(8);

    const server = await startRedis({ config: ["appendonly yes", "appendfsync everysec"] });
    const proxies = await Promise.all(Array.from({ length: nodes }, () => startTcpProxy(server.port)));
    const random = createRandom(seed);
    const counts: Record<string, number> = {};
    const said = new Map<string, number>();
    const codes: (number | null)[] = [];
    try {
      for (let done = 0, round = 0; done < faults; round += 1) {
        const own = join(folder, `round-${round}`);
        const configs = proxies.map(({ port }, n) =>
          writeNodeConfig(
            own,
            `node-${n}`,
            [join(input, "*.ndjson")],
            `cluster: { name: round-${round}, lease_ms: ${leaseMs}, partitions: 16, max_slices: 2, redis: { redis_url: "redis://127.0.0.1:${port}" } }\n${detect}`,
          ),
        );
        const running = configs.map((config) => start(config, said));
        const inject = async (): Promise<string> => {
          const place = random.below(nodes);
          const [node, proxy, config = ""] = [running[place], proxies[place], configs[place]];
          if (node === undefined || proxy === undefined) return "";
          switch (random.below(9)) {
            case 0:
              await server.kill("SIGKILL");
              await sleep(random.below(1_500));
              await server.start();
              return "redis killed, with its log";
            case 1: {
              const redis = { url: server.url, isCluster: false, keyPrefix: "x" };
              const connection = await connectRedis(redis, () => undefined);
              await connection.call("FLUSHALL", []);
              await connection.close();
              return "redis emptied";
            }
            case 2:
            case 3:
              node.kill("SIGSTOP");
              await sleep(leaseMs + 700 + random.below(800));
              node.kill("SIGCONT");
              return "node paused beyond its lease";
            case 4:
              proxy.cut();
              await sleep(random.below(2 * leaseMs));
              proxy.mend();
              return "node cut off";
            case 5:
              proxy.silence();
              await sleep(leaseMs + random.below(leaseMs));
              proxy.mend();
              return "node not answered";
            case 6:
              node.kill("SIGTERM");
              await endOf(node);
              running[place] = start(config, said);
              return "node stopped and started";
            default:
              node.kill("SIGKILL");
              await endOf(node);
              running[place] = start(config, said);
              return "node killed";
          }
        };
        const isRunning = (): boolean =>
          running.some(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
        for (let waited = 0; waited < 1_500 && isRunning(); waited += 100) await sleep(100);
        while (done < faults && isRunning()) {
          const what = await inject();
          counts[what] = (counts[what] ?? 0) + 1;
          done += 1;
          for (let left = 200 + random.below(800); left > 0 && isRunning(); left -= 100) await sleep(100);
        }
        codes.push(...(await Promise.all(running.map(endOf))));
        expect(readOutcome(own), `round ${round}`).toEqual(expected);
      }
    } finally {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await server.stop();
    }
    process.stdout.write(
      `${JSON.stringify({ counts, said: Object.fromEntries(said), rounds: codes.length / nodes })}\n`,
    );
    expect(codes).toEqual(codes.map(() => 0));
  }, 1_800_000);
}

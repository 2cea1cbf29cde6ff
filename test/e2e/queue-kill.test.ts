import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { createRandom } from "../../samples/random.ts";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { startRedis } from "../servers/start-redis.ts";
import { freshFolder, linesOf, root, runTagsmith, startTagsmith, writeConfig } from "./tagsmith-process.ts";

/** More for a long look: TAGSMITH_FAULTS=100. */
const faults = Number(process.env["TAGSMITH_FAULTS"] ?? 7);
const outputs = ["labels.ndjson", "verdicts.ndjson", "dead.ndjson"];
const samples = [join(root, "samples", "data", "*")];

const children = new Set<ChildProcess>();
const ends = new WeakMap<ChildProcess, Promise<number | null>>();
afterAll(() => {
  for (const child of children) killTree(child);
});

function start(args: readonly string[]): ChildProcess {
  const child = startTagsmith(args);
  children.add(child);
  const end = new Promise<number | null>((resolve) => child.once("exit", resolve));
  ends.set(child, end);
  void end.then(() => children.delete(child));
  return child;
}

describe("labelling on several machines", () => {
  it(`writes what one process writes in spite of ${faults} faults`, async () => {
    const folder = freshFolder("queue-kill");
    const server = await startRedis({ config: ["appendonly yes", "appendfsync everysec"] });
    const queue = `{ type: bullmq, redis_url: "${server.url}", batch_texts: 16, worker: { lock_secs: 2 } }`;
    const configIn = (name: string, extra: string): string => {
      mkdirSync(join(folder, name));
      return writeConfig(join(folder, name), samples, `label: { workers: 1 }\n${extra}`);
    };
    const calm = await runTagsmith(["run", "--config", configIn("calm", ""), "--quiet"]);
    expect(calm).toMatchObject({ code: 0, err: "" });
    const random = createRandom(11);
    const config = configIn("workers", `queue: ${queue}`);
    const startWorker = (): ChildProcess => start(["worker", "--config", config, "--quiet"]);
    const workers = [startWorker(), startWorker()];
    const counts: Record<string, number> = {};
    try {
      for (let done = 0, round = 0; done < faults; round += 1) {
        const name = `round-${round}`;
        const ownConfig = configIn(name, `queue: ${queue}`);
        const run = (): ChildProcess => start(["run", "--config", ownConfig, "--quiet"]);
        const inject = async (kind: number): Promise<string> => {
          const place = random.below(workers.length);
          switch (kind) {
            case 0:
              killTree(pipeline);
              await gone(pipeline);
              pipeline = run();
              return "pipeline killed";
            case 1:
              await server.kill("SIGKILL");
              await sleep(random.below(1_500));
              await server.start();
              return "redis killed, with its log";
            case 2: {
              const connection = await connectRedis(
                { url: server.url, isCluster: false, keyPrefix: "x" },
                () => undefined,
              );
              await connection.call("FLUSHALL", []);
              await connection.close();
              return "redis emptied";
            }
            case 3: {
              const worker = workers[place];
              if (worker === undefined) return "";
              signalTree(worker, "SIGSTOP");
              await sleep(4_000);
              signalTree(worker, "SIGCONT");
              return "worker paused beyond its lock";
            }
            default: {
              const worker = workers[place];
              if (worker === undefined) return "";
              killTree(worker);
              workers[place] = startWorker();
              return "worker killed";
            }
          }
        };
        let pipeline = run();
        while (done < faults && (await runsFor(pipeline, 1_000 + random.below(1_500)))) {
          const what = await inject(random.below(7));
          counts[what] = (counts[what] ?? 0) + 1;
          done += 1;
        }
        expect(await gone(pipeline), name).toBe(0);
        for (const output of outputs) {
          expect(linesOf(join(folder, name), output), `${name}: ${output}`).toEqual(
            linesOf(join(folder, "calm"), output),
          );
        }
      }
    } finally {
      for (const child of children) killTree(child);
      await server.stop();
    }
    process.stdout.write(`${JSON.stringify(counts)}\n`);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(faults);
  }, 1_800_000);
});

/** False as soon as the process has ended. */
async function runsFor(child: ChildProcess, ms: number): Promise<boolean> {
  await Promise.race([gone(child), sleep(ms)]);
  return child.exitCode === null && child.signalCode === null;
}

function gone(child: ChildProcess): Promise<number | null> {
  return ends.get(child) ?? Promise.resolve(null);
}

/** The launcher and the process it started. */
function signalTree({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    const started = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    for (const child of started) process.kill(Number(child), signal);
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function killTree(child: ChildProcess): void {
  signalTree(child, "SIGKILL");
}

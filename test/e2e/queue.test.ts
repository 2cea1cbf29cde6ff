import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";
import { freshFolder, linesOf, root, runTagsmith, startTagsmith, writeConfig } from "./tagsmith-process.ts";

const outputs = ["labels.ndjson", "verdicts.ndjson", "dead.ndjson"];
const samples = [join(root, "samples", "data", "*")];

let server: RunningRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server?.stop());

/** A configuration in a folder of its own. */
function configIn(folder: string, name: string, extra: string): string {
  mkdirSync(join(folder, name));
  return writeConfig(join(folder, name), samples, `label: { workers: 1 }\n${extra}`);
}

async function startWorker(config: string): Promise<ChildProcess> {
  const worker = startTagsmith(["worker", "--config", config]);
  await new Promise<void>((ready) =>
    worker.stderr?.on("data", (text: Buffer) => /Labelling for/.test(String(text)) && ready()),
  );
  return worker;
}

describe("labelling on several machines", () => {
  it("writes what one process writes, and workers finish in good order when they are stopped", async () => {
    const folder = freshFolder("queue");
    const alone = configIn(folder, "alone", "");
    const queued = configIn(folder, "queued", `queue: { type: bullmq, redis_url: "${server.url}" }`);
    expect(await runTagsmith(["run", "--config", alone, "--quiet"])).toMatchObject({ code: 0, err: "" });
    const workers = await Promise.all([startWorker(queued), startWorker(queued)]);
    expect(await runTagsmith(["run", "--config", queued, "--quiet"])).toMatchObject({ code: 0, err: "" });
    for (const name of outputs) {
      expect(linesOf(join(folder, "queued"), name), name).toEqual(linesOf(join(folder, "alone"), name));
    }
    expect(linesOf(join(folder, "queued"), "labels.ndjson").length).toBeGreaterThan(1_000);

    const seen = await runTagsmith(["fleet", "--config", queued, "--json"]);
    const { members, queues } = JSON.parse(seen.out);
    expect(members.map(({ role, state }: Record<string, unknown>) => [role, state])).toEqual([
      ["worker", "running"],
      ["worker", "running"],
    ]);
    expect(queues[0].depth).toEqual({
      waiting: 0,
      waitingBackfill: 0,
      active: 0,
      delayed: 0,
      oldestSecs: 0,
      oldestBackfillSecs: 0,
    });

    for (const worker of workers) worker.kill("SIGTERM");
    const codes = await Promise.all(workers.map((worker) => once(worker, "exit")));
    expect(codes.map(([code]) => code)).toEqual([0, 0]);
    expect(JSON.parse((await runTagsmith(["fleet", "--config", queued, "--json"])).out).members).toEqual([]);
  }, 120_000);

  it("refuses a worker without a queue, and says when Redis refuses a password", async () => {
    const folder = freshFolder("queue-refusals");
    const plain = await runTagsmith(["worker", "--config", configIn(folder, "plain", "")]);
    expect(plain).toMatchObject({ code: 2 });
    expect(plain.err).toContain("config_invalid");
    const wrong = `queue: { type: bullmq, redis_url: "redis://nobody:wrong@127.0.0.1:${server.port}" }`;
    const refused = await runTagsmith(["fleet", "--config", configIn(folder, "wrong", wrong)]);
    expect(refused).toMatchObject({ code: 8 });
    expect(refused.err).toContain("queue_redis_unauthorized");
    expect(refused.err).not.toContain("wrong");
  }, 60_000);

  it("ends workers and pipelines that are stopped while Redis is away, and a worker that grows too large", async () => {
    const folder = freshFolder("queue-away");
    const own = await startRedis();
    const queue = `queue: { type: bullmq, redis_url: "${own.url}", worker: { stop_within_secs: 1 } }`;
    const config = configIn(folder, "away", queue);
    try {
      const large = await runTagsmith([
        "worker",
        "--config",
        configIn(folder, "large", queue.replace("stop_within_secs: 1", "max_memory_bytes: 1000")),
      ]);
      expect(large).toMatchObject({ code: 8 });
      expect(large.err).toContain("worker_memory_exceeded");
      const worker = await startWorker(config);
      const pipeline = startTagsmith(["run", "--config", config, "--quiet"]);
      let said = "";
      pipeline.stderr?.on("data", (text: Buffer) => (said += String(text)));
      await until(() => existsSync(join(folder, "away", "labels.ndjson")));
      await own.kill("SIGKILL");
      await until(() => said.includes("queue_redis_unreachable"));
      const ends = [worker, pipeline].map((child) => once(child, "exit"));
      worker.kill("SIGTERM");
      pipeline.kill("SIGTERM");
      expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 130]);
    } finally {
      await own.stop();
    }
  }, 120_000);
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(50);
}

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { freePort } from "../servers/free-port.ts";
import { startRedis } from "../servers/start-redis.ts";
import { freshFolder, root, runTagsmith, startTagsmith, writeConfig } from "./tagsmith-process.ts";

/** Answers of a worker's port; undefined while nobody listens. */
function asked(port: number, path: string): Promise<string | undefined> {
  return fetch(`http://127.0.0.1:${port}${path}`)
    .then(async (answer) => `${answer.status} ${(await answer.text()).trim()}`)
    .catch(() => undefined);
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(25);
}

/** Starts a worker and gathers what it says to people. */
function startWorker(config: string): { readonly worker: ChildProcess; readonly said: () => string } {
  const worker = startTagsmith(["worker", "--config", config]);
  let text = "";
  worker.stderr?.on("data", (part: Buffer) => (text += String(part)));
  return { worker, said: () => text };
}

describe("a worker that is asked how it does", () => {
  it("is ready when it takes jobs, not before, not without Redis, and not once it is stopped", async () => {
    const redis = await startRedis();
    const port = await freePort();
    const folder = freshFolder("worker-health");
    // No machine has 64 accelerators.
    const worker = `worker: { health_port: ${port}, stop_within_secs: 3, devices: [cpu, "cuda:63", cpu] }`;
    const config = writeConfig(
      folder,
      [join(root, "samples", "data", "*")],
      `queue: { type: bullmq, redis_url: "${redis.url}", ${worker} }`,
    );
    const started = startWorker(config);
    const ready = (): Promise<string | undefined> => asked(port, "/readyz");
    const seen = new Set<string | undefined>();
    await until(async () => seen.add(await ready()).has("200 ok"));
    expect([...seen]).toContain("503 starting");
    expect(started.said()).toMatch(/encoder_device_lost: cuda:63 cannot be used: .* Devices left: 2\./);

    expect(await runTagsmith(["run", "--config", config, "--quiet"])).toMatchObject({ code: 0, err: "" });
    await until(async () => String(await asked(port, "/metrics")).includes("tagsmith_queue_workers 1\n"));
    const metrics = String(await asked(port, "/metrics"));
    for (const device of ["cpu#1", "cpu#2"]) {
      expect(metrics).toMatch(new RegExp(`tagsmith_worker_device_texts_total\\{device="${device}"\\} [1-9]`));
      expect(metrics).toMatch(
        new RegExp(`tagsmith_worker_device_busy_seconds_total\\{device="${device}"\\} [\\d.]*[1-9]`),
      );
    }
    expect(metrics).toContain('tagsmith_worker_device_up{device="cuda:63"} 0\n');
    expect(metrics).toContain('tagsmith_queue_oldest_age_seconds{state="live"} 0\n');
    expect(metrics).toMatch(/tagsmith_worker_batch_texts_count [1-9]/);
    const status = await runTagsmith(["status", "--config", config]);
    expect(status.out).toMatch(/worker .* cpu#1 [\d.]+\/s, cuda:63 taken out \(.*\), cpu#2 [\d.]+\/s/);
    const { fleet } = JSON.parse((await runTagsmith(["status", "--config", config, "--json"])).out);
    expect(fleet.members[0].devices).toMatchObject([
      { name: "cpu#1", texts: expect.any(Number), textsPerSec: expect.any(Number) },
      { name: "cuda:63", lost: expect.stringContaining("Cuda"), texts: 0 },
      { name: "cpu#2" },
    ]);

    await redis.kill("SIGKILL");
    await until(async () => (await ready()) === "503 waiting: queue_redis_unreachable");
    await redis.start();
    await until(async () => (await ready()) === "200 ok");
    await redis.kill("SIGKILL");
    started.worker.kill("SIGTERM");
    await until(async () => (await ready()) === "503 draining");
    expect(await asked(port, "/healthz")).toBe("200 ok");
    const [code] = await once(started.worker, "exit");
    expect(code).toBe(0);
    expect(await ready()).toBeUndefined();
    await redis.stop();
  }, 180_000);

  it("says so where none of its devices can be used, or its port is taken", async () => {
    const redis = await startRedis();
    const port = await freePort();
    const configWith = (name: string, worker: string): string =>
      writeConfig(freshFolder(name), [], `queue: { type: bullmq, redis_url: "${redis.url}", worker: ${worker} }`);
    const none = await runTagsmith([
      "worker",
      "--config",
      configWith("worker-none", '{ devices: ["cuda:62", "cuda:63"] }'),
    ]);
    expect(none).toMatchObject({ code: 5 });
    expect(none.err).toMatch(/encoder_start_failed: No device can be used\. cuda:62: .*; cuda:63: /);
    const server = createServer().listen(port, "127.0.0.1");
    const taken = await runTagsmith(["worker", "--config", configWith("worker-port", `{ health_port: ${port} }`)]);
    server.close();
    expect(taken).toMatchObject({ code: 2 });
    expect(taken.err).toContain("Choose another queue.worker.health_port.");
    await redis.stop();
  }, 60_000);
});

import { afterEach, describe, expect, it } from "vitest";
import { createWorkerPool, type WorkerPool } from "../../src/label/worker-pool.ts";

const open = new AbortController().signal;
const crashes = new Int32Array(new SharedArrayBuffer(4));
let pool: WorkerPool<string, string>;

type Start = "well" | "unusable" | "crash" | "broken" | "silent";

function startPool(start: Start = "well", workers = 1): WorkerPool<string, string> {
  return startDevices(Array.from({ length: workers }, () => ["cpu", start]));
}

const lost: string[] = [];

/** Devices by name, and how they do. */
function startDevices(devices: readonly (readonly [string, Start])[], more = {}): WorkerPool<string, string> {
  Atomics.store(crashes, 0, 0);
  lost.length = 0;
  pool = createWorkerPool({
    url: new URL("./label-fake-worker.ts", import.meta.url),
    threads: devices.map(([device, start]) => ({ device, workerData: { crashes: crashes.buffer, start } })),
    closeTimeoutMs: 2_000,
    textsOf: () => 1,
    onLost: ({ code, message }, left) => lost.push(`${code} ${left}: ${message}`),
    ...more,
  });
  return pool;
}

afterEach(() => pool.close());

describe("createWorkerPool", () => {
  it("answers every request, more than there are workers, each with its own result", async () => {
    startPool("well", 2);
    await pool.ready();
    const requests = Array.from({ length: 50 }, (_, index) => `request ${index}`);
    const results = await Promise.all(requests.map((request) => pool.run(request, open)));
    expect(results).toEqual(requests.map((request) => `echo ${request}`));
  });

  it("tries the request of a crashed worker once more, on a new one, and goes on", async () => {
    startPool();
    const [crashed, next] = await Promise.all([pool.run("crash once", open), pool.run("next", open)]);
    expect([crashed, next]).toEqual(["echo crash once", "echo next"]);
    expect(pool.counters()).toEqual({ queued: 0, retries: 1 });
  });

  it("gives a request up after its second crash, and still serves the others", async () => {
    startPool();
    const crashed = pool.run("crash", open);
    const next = pool.run("next", open);
    await expect(crashed).rejects.toMatchObject({ code: "encoder_worker_crashed", remedy: "exit" });
    expect(await next).toBe("echo next");
    expect(Atomics.load(crashes, 0)).toBe(2);
  });

  it("rejects a request that the worker could not do, without trying again", async () => {
    startPool();
    await expect(pool.run("fail", open)).rejects.toMatchObject({ code: "encoder_batch_failed" });
    expect(await pool.run("next", open)).toBe("echo next");
    expect(pool.counters().retries).toBe(0);
  });

  it.each(["unusable", "crash"] as const)("refuses all work when a worker's start ends with: %s", async (start) => {
    startPool(start);
    const early = pool.run("early", open);
    await expect(early).rejects.toMatchObject({ code: "encoder_start_failed", remedy: "exit" });
    await expect(pool.ready()).rejects.toMatchObject({ code: "encoder_start_failed" });
    await expect(pool.run("late", open)).rejects.toMatchObject({ code: "encoder_start_failed" });
  });

  it("lets go of a running and of a waiting request on abort, and drops the late result", async () => {
    startPool();
    await pool.ready();
    const stop = new AbortController();
    const running = pool.run("wait", stop.signal);
    const waiting = pool.run("waiting", stop.signal);
    stop.abort(new Error("stop"));
    await expect(running).rejects.toThrow("stop");
    await expect(waiting).rejects.toThrow("stop");
    expect(pool.counters().queued).toBe(0);
    expect(await pool.run("next", open)).toBe("echo next");
  });

  it("closes twice, lets running work end and refuses waiting and new work", async () => {
    startPool();
    await pool.ready();
    const running = pool.run("wait", open);
    const waiting = pool.run("waiting", open);
    const refused = expect(waiting).rejects.toMatchObject({ code: "encoder_closed" });
    await Promise.all([pool.close(), pool.close()]);
    expect(await running).toBe("echo wait");
    await refused;
    await expect(pool.run("late", open)).rejects.toMatchObject({ code: "encoder_closed" });
  });

  it("terminates a worker that does not end by itself, and rejects its request", async () => {
    startPool();
    await pool.ready();
    const hanging = expect(pool.run("hang", open)).rejects.toMatchObject({ code: "encoder_closed" });
    await pool.close();
    await hanging;
  });

  it("closes before the workers have started", async () => {
    startPool("well", 2);
    await pool.close();
    await expect(pool.ready()).rejects.toMatchObject({ code: "encoder_closed" });
  });
});

describe("a pool of several devices", () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `request ${n}`);
  const runAll = (requests: readonly string[]) => Promise.all(requests.map((request) => pool.run(request, open)));

  it("hands each request to a device that is free, and says what each has done", async () => {
    startDevices([
      ["cpu#1", "well"],
      ["cpu#2", "well"],
    ]);
    await pool.ready();
    await runAll([...names(20), "wait", "wait"]);
    const uses = pool.devices();
    expect(uses.map(({ name }) => name)).toEqual(["cpu#1", "cpu#2"]);
    expect(uses.reduce((sum, { texts }) => sum + texts, 0)).toBe(22);
    for (const { texts, busySecs, lost: why } of uses) {
      expect(texts).toBeGreaterThan(0);
      expect(busySecs).toBeGreaterThan(0.09);
      expect(why).toBeUndefined();
    }
  });

  it.each(["unusable", "crash"] as const)("goes on without one whose start ends with: %s", async (start) => {
    startDevices([
      ["cuda:0", start],
      ["cpu", "well"],
    ]);
    await pool.ready();
    expect(await runAll(names(5))).toEqual(names(5).map((name) => `echo ${name}`));
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(
      /^encoder_device_lost 1: cuda:0 cannot be used: .*(no model|cannot start).* Devices left: 1\.$/,
    );
    expect(pool.devices()[0]).toMatchObject({
      name: "cuda:0",
      texts: 0,
      lost: expect.stringMatching(/no model|cannot/),
    });
  });

  it("goes on without one that never says whether it has started", async () => {
    startDevices(
      [
        ["cuda:0", "silent"],
        ["cpu", "well"],
      ],
      { taskTimeoutMs: 4_000 },
    );
    await pool.ready();
    expect(lost[0]).toContain("cuda:0 cannot be used: it did not answer for 4 s");
    expect(await pool.run("next", open)).toBe("echo next");
  });

  it("names all of them where none starts", async () => {
    startDevices([
      ["cuda:0", "unusable"],
      ["cuda:1", "crash"],
    ]);
    await expect(pool.ready()).rejects.toMatchObject({
      code: "encoder_start_failed",
      message: expect.stringMatching(/cuda:0: no model; cuda:1: .*cannot start/),
    });
    expect(lost.map((text) => text.slice(0, 21))).toEqual(["encoder_device_lost 1", "encoder_device_lost 0"]);
  });

  it("takes a device out that fails on what another one does, and loses no request", async () => {
    startDevices([
      ["cuda:0", "broken"],
      ["cpu", "well"],
    ]);
    await pool.ready();
    // How soon depends on how often its thread gets a turn.
    for (let round = 0; lost.length === 0 && round < 50; round += 1) {
      expect(await runAll(names(30))).toEqual(names(30).map((name) => `echo ${name}`));
    }
    expect(lost).toHaveLength(1);
    expect(lost[0]).toContain("cuda:0 cannot be used: it failed again and again on what another device did");
    expect(pool.counters().retries).toBeGreaterThanOrEqual(3);
  });

  it("blames no device for requests that fail on all of them", async () => {
    startDevices([
      ["cpu#1", "well"],
      ["cpu#2", "well"],
    ]);
    await pool.ready();
    const bad = Array.from({ length: 10 }, () => pool.run("fail", open));
    for (const { reason } of (await Promise.allSettled(bad)).filter((end) => end.status === "rejected")) {
      expect(reason).toMatchObject({ code: "encoder_batch_failed" });
    }
    expect(await runAll(names(4))).toHaveLength(4);
    expect(lost).toEqual([]);
  });

  it("tries the request of a device that crashes or hangs on another one, and takes out what hangs", async () => {
    startDevices(
      [
        ["cuda:0", "well"],
        ["cuda:1", "well"],
      ],
      { taskTimeoutMs: 4_000 },
    );
    await pool.ready();
    expect(await pool.run("crash once", open)).toBe("echo crash once");
    expect(lost).toEqual([]);
    Atomics.store(crashes, 0, 0);
    expect(await pool.run("hang once", open)).toBe("echo hang once");
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(/cuda:\d cannot be used: it did not answer for 4 s\. Devices left: 1\.$/);
    expect(await runAll(names(3))).toHaveLength(3);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { createWorkerPool, type WorkerPool } from "../../src/label/worker-pool.ts";

const open = new AbortController().signal;
const crashes = new Int32Array(new SharedArrayBuffer(4));
let pool: WorkerPool<string, string>;

function startPool(start: "well" | "unusable" | "crash" = "well", workers = 1): WorkerPool<string, string> {
  Atomics.store(crashes, 0, 0);
  const url = new URL("./label-fake-worker.ts", import.meta.url);
  pool = createWorkerPool({ url, workerData: { crashes: crashes.buffer, start }, workers, closeTimeoutMs: 300 });
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

import { parentPort, workerData } from "node:worker_threads";
import type { WorkerReply, WorkerRequest } from "../../src/label/worker-pool.ts";

/** A worker that does as it is told: it echoes, fails, dies once, dies always, or waits. */
const data: {
  readonly crashes: SharedArrayBuffer;
  readonly start: "well" | "unusable" | "crash" | "broken" | "silent";
} = workerData;
const port = parentPort;
if (port === null) throw new Error("this module is a worker's");
const crashes = new Int32Array(data.crashes);
const reply = (message: WorkerReply<string>) => port.postMessage(message);

if (data.start === "crash") throw new Error("cannot start");
port.on("message", (message: WorkerRequest<string>) => {
  if (message.kind === "close") return port.close();
  if (data.start === "broken") return reply({ kind: "failed", reason: "out of order" });
  switch (message.request) {
    case "fail":
      return reply({ kind: "failed", reason: "told to fail" });
    case "crash":
      Atomics.add(crashes, 0, 1);
      throw new Error("told to crash");
    case "crash once":
      if (Atomics.add(crashes, 0, 1) === 0) process.exit(3);
      break;
    case "hang once":
      if (Atomics.add(crashes, 0, 1) === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case "hang":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case "wait":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      break;
    default:
      break;
  }
  reply({ kind: "done", result: `echo ${message.request}` });
});
if (data.start !== "silent")
  reply(data.start === "unusable" ? { kind: "unusable", reason: "no model" } : { kind: "ready" });

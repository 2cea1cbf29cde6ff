import { Worker } from "node:worker_threads";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { DeviceUse } from "../telemetry/device-use.ts";
import {
  createPoolDevices,
  deviceLost,
  isBroken,
  type PoolDevice,
  type PoolDevices,
  startFailed,
} from "./pool-devices.ts";
import type { WorkerPool, WorkerPoolSettings, WorkerReply, WorkerRequest } from "./worker-pool.ts";

interface Task<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  crashes: number;
  /** Devices that it failed on. */
  readonly suspects: Set<PoolDevice>;
}

interface Slot<Request, Result> {
  readonly device: PoolDevice;
  readonly workerData: unknown;
  worker: Worker | undefined;
  started: boolean;
  task: Task<Request, Result> | undefined;
  sinceMs: number;
  timer: NodeJS.Timeout | undefined;
  crash: unknown;
}

/** The threads of `createWorkerPool`. */
export class ThreadPool<Request, Result> implements WorkerPool<Request, Result> {
  readonly #settings: WorkerPoolSettings<Request>;
  readonly #devices: PoolDevices;
  readonly #slots: readonly Slot<Request, Result>[];
  readonly #waiting: Task<Request, Result>[] = [];
  readonly #startup = Promise.withResolvers<void>();
  /** Why nothing runs any more. */
  #refusal: TagsmithError | undefined;
  #retries = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: WorkerPoolSettings<Request>) {
    this.#settings = settings;
    this.#startup.promise.catch(() => undefined);
    this.#devices = createPoolDevices(settings.threads.map(({ device }) => device));
    const idle = { worker: undefined, started: false, task: undefined, sinceMs: 0, timer: undefined, crash: undefined };
    this.#slots = settings.threads.flatMap(({ device: name, workerData }) => {
      const device = this.#devices.find(name);
      return device === undefined ? [] : [{ ...idle, device, workerData }];
    });
    for (const slot of this.#slots) this.#spawn(slot);
  }

  ready(): Promise<void> {
    return this.#startup.promise;
  }

  counters(): { readonly queued: number; readonly retries: number } {
    return { queued: this.#waiting.length, retries: this.#retries };
  }

  devices(): readonly DeviceUse[] {
    return this.#devices.uses();
  }

  run(request: Request, signal: AbortSignal): Promise<Result> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const task = { request, resolve, reject, crashes: 0, suspects: new Set<PoolDevice>() };
    const abort = () => {
      const place = this.#waiting.indexOf(task);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(task);
    this.#dispatch();
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  close(): Promise<void> {
    this.#refuse(new TagsmithError("encoder_closed", "The encoder is closed.", "exit"));
    this.#closing ??= Promise.all(this.#slots.map((slot) => this.#end(slot))).then(() => undefined);
    return this.#closing;
  }

  #spawn(slot: Slot<Request, Result>): void {
    const worker = new Worker(this.#settings.url, { workerData: slot.workerData });
    slot.worker = worker;
    slot.started = false;
    worker.on("message", (reply: WorkerReply<Result>) => this.#receive(slot, reply));
    worker.on("error", (error) => {
      slot.crash = error;
    });
    worker.on("exit", () => this.#replace(slot));
    this.#watch(slot);
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      const { started, worker, device } = slot;
      if (!started || slot.task !== undefined || worker === undefined || device.lost !== undefined) continue;
      const place = this.#waiting.findIndex(
        (task) => !task.suspects.has(device) || !this.#devices.hasOther(task.suspects),
      );
      const [task] = place < 0 ? [] : this.#waiting.splice(place, 1);
      if (task === undefined) continue;
      slot.task = task;
      slot.sinceMs = performance.now();
      this.#watch(slot);
      this.#post(worker, { kind: "work", request: task.request });
    }
  }

  #post(worker: Worker, request: WorkerRequest<Request>): void {
    worker.postMessage(request);
  }

  #receive(slot: Slot<Request, Result>, reply: WorkerReply<Result>): void {
    switch (reply.kind) {
      case "ready":
        slot.started = true;
        clearTimeout(slot.timer);
        this.#checkStart();
        break;
      case "unusable":
        this.#lose(slot.device, startFailed(reply.reason));
        return;
      case "done":
        this.#onDone(slot, reply.result);
        break;
      case "failed":
        this.#onFailed(this.#release(slot), slot.device, reply.reason);
        break;
    }
    this.#dispatch();
  }

  /** The slot is free again. */
  #release(slot: Slot<Request, Result>): Task<Request, Result> | undefined {
    const { task, device, sinceMs, timer } = slot;
    clearTimeout(timer);
    slot.task = undefined;
    if (task !== undefined) device.busyMs += performance.now() - sinceMs;
    return task;
  }

  #onDone(slot: Slot<Request, Result>, result: Result): void {
    const { device } = slot;
    const task = this.#release(slot);
    if (task === undefined) return;
    device.strikes = 0;
    device.texts += this.#settings.textsOf?.(task.request) ?? 0;
    task.resolve(result);
    for (const suspect of task.suspects) {
      if (suspect !== device && isBroken(suspect)) {
        this.#lose(suspect, deviceLost("it failed again and again on what another device did"));
      }
    }
  }

  /** Another device says whether the request is to blame or this one. */
  #onFailed(task: Task<Request, Result> | undefined, device: PoolDevice, reason: string): void {
    if (task === undefined) return;
    task.suspects.add(device);
    if (this.#refusal === undefined && this.#devices.hasOther(task.suspects)) {
      this.#retries += 1;
      this.#waiting.unshift(task);
    } else task.reject(this.#refusal ?? new TagsmithError("encoder_batch_failed", reason, "exit"));
  }

  /** In two halves: when the process itself was paused, only the first one is over at once. */
  #watch(slot: Slot<Request, Result>): void {
    const { taskTimeoutMs } = this.#settings;
    if (taskTimeoutMs === undefined) return;
    const halfMs = taskTimeoutMs / 2;
    slot.timer = setTimeout(() => {
      slot.timer = setTimeout(() => this.#onSilence(slot), halfMs).unref();
    }, halfMs).unref();
  }

  #onSilence(slot: Slot<Request, Result>): void {
    const task = this.#release(slot);
    const seconds = Math.round((this.#settings.taskTimeoutMs ?? 0) / 1_000);
    this.#lose(slot.device, deviceLost(`it did not answer for ${seconds} s`));
    if (task !== undefined) this.#retry(task, slot.device, "no answer");
    this.#dispatch();
  }

  /** A worker has ended. Unless we asked it to, its task is tried again, and another takes its place. */
  #replace(slot: Slot<Request, Result>): void {
    const { started, crash, device } = slot;
    const task = this.#release(slot);
    slot.worker = undefined;
    slot.started = false;
    slot.crash = undefined;
    if (task !== undefined) this.#retry(task, device, crash);
    if (this.#refusal === undefined && device.lost === undefined) {
      if (started) this.#spawn(slot);
      else this.#lose(device, startFailed(`An encoder worker ended while it started: ${reasonOf(crash)}`));
    }
    this.#dispatch();
  }

  #retry(task: Task<Request, Result>, device: PoolDevice, crash: unknown): void {
    task.crashes += 1;
    task.suspects.add(device);
    if (task.crashes > 1 || this.#refusal !== undefined) {
      const reason = `An encoder worker crashed twice on one batch: ${reasonOf(crash)}`;
      task.reject(this.#refusal ?? new TagsmithError("encoder_worker_crashed", reason, "exit", crash));
      return;
    }
    this.#retries += 1;
    this.#waiting.unshift(task);
  }

  /** The device is used no more; without any, nothing is done any more. */
  #lose(device: PoolDevice, { code, message }: TagsmithError): void {
    if (device.lost !== undefined) return;
    device.lost = message;
    const left = this.#devices.left();
    if (left === 0) this.#refuse(new TagsmithError(code, this.#devices.whyAllAreLost(), "exit"));
    const error = deviceLost(`${device.name} cannot be used: ${message}. Devices left: ${left}.`);
    this.#settings.onLost?.(error, left);
    for (const slot of this.#slots) if (slot.device === device) void this.#end(slot);
    this.#checkStart();
    this.#dispatch();
  }

  #checkStart(): void {
    if (this.#slots.every(({ started, device }) => started || device.lost !== undefined)) this.#startup.resolve();
  }

  #refuse(refusal: TagsmithError): void {
    this.#refusal ??= refusal;
    this.#startup.reject(this.#refusal);
    for (const task of this.#waiting.splice(0)) task.reject(this.#refusal);
  }

  async #end(slot: Slot<Request, Result>): Promise<void> {
    const { worker } = slot;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    const timer = setTimeout(() => void worker.terminate(), this.#settings.closeTimeoutMs);
    this.#post(worker, { kind: "close" });
    await ended;
    clearTimeout(timer);
  }
}

function reasonOf(crash: unknown): string {
  return String(crash ?? "no reason given");
}

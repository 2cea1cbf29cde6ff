import { Worker } from "node:worker_threads";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** What a pool's worker says: once `ready` or `unusable`, then one answer a request. */
export type WorkerReply<Result> =
  | { readonly kind: "ready" }
  /** The worker cannot start, and no other would. */
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "done"; readonly result: Result }
  /** The request failed; the worker goes on. */
  | { readonly kind: "failed"; readonly reason: string };

/** What a pool says to its worker. After `close` the worker frees what it holds and lets its thread end. */
export type WorkerRequest<Request> = { readonly kind: "work"; readonly request: Request } | { readonly kind: "close" };

export interface WorkerPoolSettings {
  /** The worker's module. */
  readonly url: URL;
  readonly workerData: unknown;
  readonly workers: number;
  /** A worker that has not ended by itself so long after `close` is terminated. */
  readonly closeTimeoutMs: number;
}

/** Threads that answer requests, one request a thread at a time. */
export interface WorkerPool<Request, Result> {
  /** Resolves once every worker has started; rejects with `encoder_start_failed`. */
  ready(): Promise<void>;
  /**
   * Hands the request to the first free worker, in order of calls. A request whose worker crashes is tried once more
   * on another one; then it rejects with `encoder_worker_crashed`. On abort it rejects at once with the signal's
   * reason, and its result, if one still comes, is dropped.
   */
  run(request: Request, signal: AbortSignal): Promise<Result>;
  counters(): { readonly queued: number; readonly retries: number };
  close(): Promise<void>;
}

interface Task<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  crashes: number;
}

interface Slot<Request, Result> {
  worker: Worker | undefined;
  started: boolean;
  task: Task<Request, Result> | undefined;
  crash: unknown;
}

/** Creates the pool and starts its workers. */
export function createWorkerPool<Request, Result>(settings: WorkerPoolSettings): WorkerPool<Request, Result> {
  return new ThreadPool<Request, Result>(settings);
}

class ThreadPool<Request, Result> implements WorkerPool<Request, Result> {
  readonly #settings: WorkerPoolSettings;
  readonly #slots: Slot<Request, Result>[] = [];
  readonly #waiting: Task<Request, Result>[] = [];
  readonly #startup = Promise.withResolvers<void>();
  /** Why nothing runs any more. */
  #refusal: TagsmithError | undefined;
  #retries = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: WorkerPoolSettings) {
    this.#settings = settings;
    this.#startup.promise.catch(() => undefined);
    for (let index = 0; index < settings.workers; index++) {
      const slot: Slot<Request, Result> = { worker: undefined, started: false, task: undefined, crash: undefined };
      this.#slots.push(slot);
      this.#spawn(slot);
    }
  }

  ready(): Promise<void> {
    return this.#startup.promise;
  }

  counters(): { readonly queued: number; readonly retries: number } {
    return { queued: this.#waiting.length, retries: this.#retries };
  }

  run(request: Request, signal: AbortSignal): Promise<Result> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const task = { request, resolve, reject, crashes: 0 };
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
    const worker = new Worker(this.#settings.url, { workerData: this.#settings.workerData });
    slot.worker = worker;
    slot.started = false;
    worker.on("message", (reply: WorkerReply<Result>) => this.#receive(slot, reply));
    worker.on("error", (error) => {
      slot.crash = error;
    });
    worker.on("exit", () => this.#replace(slot));
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (!slot.started || slot.task !== undefined || slot.worker === undefined) continue;
      const task = this.#waiting.shift();
      if (task === undefined) return;
      slot.task = task;
      this.#post(slot.worker, { kind: "work", request: task.request });
    }
  }

  #post(worker: Worker, request: WorkerRequest<Request>): void {
    worker.postMessage(request);
  }

  #receive(slot: Slot<Request, Result>, reply: WorkerReply<Result>): void {
    switch (reply.kind) {
      case "ready":
        slot.started = true;
        if (this.#slots.every((other) => other.started)) this.#startup.resolve();
        break;
      case "unusable":
        this.#refuse(new TagsmithError("encoder_start_failed", reply.reason, "exit"));
        return;
      case "done":
        slot.task?.resolve(reply.result);
        slot.task = undefined;
        break;
      case "failed":
        slot.task?.reject(new TagsmithError("encoder_batch_failed", reply.reason, "exit"));
        slot.task = undefined;
        break;
    }
    this.#dispatch();
  }

  /** A worker has ended. Unless we asked it to, its task is tried again, and another takes its place. */
  #replace(slot: Slot<Request, Result>): void {
    const { task, started, crash } = slot;
    slot.worker = undefined;
    slot.task = undefined;
    slot.started = false;
    slot.crash = undefined;
    if (task !== undefined) this.#retry(task, crash);
    if (this.#refusal !== undefined) return;
    if (started) {
      this.#spawn(slot);
      return;
    }
    const reason = `An encoder worker ended while it started: ${String(crash ?? "no reason given")}`;
    this.#refuse(new TagsmithError("encoder_start_failed", reason, "exit", crash));
  }

  #retry(task: Task<Request, Result>, crash: unknown): void {
    task.crashes += 1;
    if (task.crashes > 1 || this.#refusal !== undefined) {
      const reason = `An encoder worker crashed twice on one batch: ${String(crash ?? "no reason given")}`;
      task.reject(this.#refusal ?? new TagsmithError("encoder_worker_crashed", reason, "exit", crash));
      return;
    }
    this.#retries += 1;
    this.#waiting.unshift(task);
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

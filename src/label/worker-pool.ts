import type { TagsmithError } from "../event/tagsmith-error.ts";
import type { DeviceUse } from "../telemetry/device-use.ts";
import { ThreadPool } from "./thread-pool.ts";

/** What a pool's worker says: once `ready` or `unusable`, then one answer a request. */
export type WorkerReply<Result> =
  | { readonly kind: "ready" }
  /** The worker cannot start, and no other on its device would. */
  | { readonly kind: "unusable"; readonly reason: string }
  | { readonly kind: "done"; readonly result: Result }
  /** The request failed; the worker goes on. */
  | { readonly kind: "failed"; readonly reason: string };

/** What a pool says to its worker. After `close` the worker frees what it holds and lets its thread end. */
export type WorkerRequest<Request> = { readonly kind: "work"; readonly request: Request } | { readonly kind: "close" };

/** A thread to start. Threads of one device are lost together. */
export interface PoolThread {
  readonly device: string;
  readonly workerData: unknown;
}

export interface WorkerPoolSettings<Request> {
  /** The worker's module. */
  readonly url: URL;
  readonly threads: readonly PoolThread[];
  /** A worker that has not ended by itself so long after `close` is terminated. */
  readonly closeTimeoutMs: number;
  /** A device that is silent for so long with one request, or while it starts, is lost; when left out it is waited for. */
  readonly taskTimeoutMs?: number | undefined;
  /** Texts that a request counts for. */
  readonly textsOf?: (request: Request) => number;
  /** A device is used no more; `left` others are. */
  readonly onLost?: ((error: TagsmithError, left: number) => void) | undefined;
}

/** Threads that answer requests, one request a thread at a time. */
export interface WorkerPool<Request, Result> {
  /** Resolves once every device has started or is lost; rejects with `encoder_start_failed` when all are lost. */
  ready(): Promise<void>;
  /**
   * Hands the request to the first free worker, in order of calls. A request whose worker crashes is tried once more;
   * then it rejects with `encoder_worker_crashed`. One that fails is tried on each device; then it rejects with
   * `encoder_batch_failed`. A device that fails thrice where another succeeds, and never succeeds between, is lost. On
   * abort it rejects at once with the signal's reason, and its result, if one still comes, is dropped.
   */
  run(request: Request, signal: AbortSignal): Promise<Result>;
  counters(): { readonly queued: number; readonly retries: number };
  devices(): readonly DeviceUse[];
  close(): Promise<void>;
}

/** Creates the pool and starts its workers. */
export function createWorkerPool<Request, Result>(settings: WorkerPoolSettings<Request>): WorkerPool<Request, Result> {
  return new ThreadPool<Request, Result>(settings);
}

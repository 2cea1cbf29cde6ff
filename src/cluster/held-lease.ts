import { setTimeout as sleep } from "node:timers/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { LeaseStore, Owner } from "./lease-store.ts";

/** A lease that is kept alive. */
export interface HeldLease {
  readonly resource: string;
  readonly owner: Owner;
  /** Aborts, with `cluster_lease_lost`, before anybody else can own the resource. */
  readonly lost: AbortSignal;
  /** Throws `cluster_lease_lost` when the lease is over, also where no timer could run in time. */
  check(): void;
  /** As `work`, or rejects as soon as the lease is lost: Redis may be away for long. */
  guard<T>(work: Promise<T>): Promise<T>;
  /** Lets go of it; others can have it at once. May be called twice. */
  release(): Promise<void>;
}

export interface LeaseSettings {
  readonly store: LeaseStore;
  readonly node: string;
  readonly ttlMs: number;
  /** The highest token that is known of an owner of the resource; default 0. */
  readonly above?: number | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** How much of its time an owner leaves unused: the server's clock may run a little faster than ours. */
const unusedShare = 6;

/** Takes a resource and keeps it; undefined while it has another owner. */
export async function holdLease(resource: string, settings: LeaseSettings): Promise<HeldLease | undefined> {
  const { store, node, ttlMs, above, now } = settings;
  const askedMs = now();
  const token = await store.acquire(resource, node, ttlMs, above);
  if (token === undefined) return undefined;
  const lease = new KeptLease(resource, { node, token }, settings, askedMs);
  lease.start();
  return lease;
}

class KeptLease implements HeldLease {
  readonly resource: string;
  readonly owner: Owner;
  readonly #settings: LeaseSettings;
  readonly #ended = new AbortController();
  readonly #released = new AbortController();
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(resource: string, owner: Owner, settings: LeaseSettings, askedMs: number) {
    this.resource = resource;
    this.owner = owner;
    this.#settings = settings;
    this.#extend(askedMs);
  }

  get lost(): AbortSignal {
    return this.#ended.signal;
  }

  start(): void {
    void this.#keep();
  }

  check(): void {
    if (this.#settings.now() >= this.#untilMs) this.#lose();
    this.#ended.signal.throwIfAborted();
  }

  guard<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(this.lost.reason);
    if (this.lost.aborted) abort();
    this.lost.addEventListener("abort", abort, { once: true });
    return Promise.race([work, promise]).finally(() => this.lost.removeEventListener("abort", abort));
  }

  async release(): Promise<void> {
    if (this.#released.signal.aborted) return;
    this.#released.abort();
    clearTimeout(this.#timer);
    await this.#settings.store.release(this.resource, this.owner);
  }

  /** The time counts from when it was asked for: the answer may have been long on its way. */
  #extend(askedMs: number): void {
    const { ttlMs, now } = this.#settings;
    this.#untilMs = askedMs + ttlMs - ttlMs / unusedShare;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(), Math.max(0, this.#untilMs - now()));
    this.#timer.unref();
  }

  async #keep(): Promise<void> {
    const { store, ttlMs, now } = this.#settings;
    const over = AbortSignal.any([this.#ended.signal, this.#released.signal]);
    while (!over.aborted) {
      await sleep(ttlMs / 3, undefined, { signal: over, ref: false }).catch(() => undefined);
      if (over.aborted) return;
      const askedMs = now();
      // What fails is asked again, as long as there is time.
      const isOurs = await store.renew(this.resource, this.owner, ttlMs).catch(() => undefined);
      if (isOurs === false) this.#lose();
      if (isOurs === true && !over.aborted) this.#extend(askedMs);
    }
  }

  #lose(): void {
    if (this.#released.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#ended.abort(lostLease(this.resource));
  }
}

/** Somebody else may own the resource: nothing more may be written for it. */
export function lostLease(resource: string): TagsmithError {
  const message = `${resource}: this node was silent for too long, and another one may go on with it.`;
  return new TagsmithError("cluster_lease_lost", message, "reconnect");
}

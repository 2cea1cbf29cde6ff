import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "bullmq";
import type { LabelConsumer } from "./label-consumer.ts";
import { defaultTenant, type LabelJob, lanes } from "./label-job.ts";
import { readDepth } from "./queue-depth.ts";
import { type QueueStanding, readStanding } from "./queue-standing.ts";
import type { QueueWorkerSettings } from "./queue-worker-settings.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { takeJobs } from "./take-jobs.ts";
import { forgetTenant, listTenants } from "./tenants.ts";

type Workers = readonly Worker<LabelJob>[];

/** So often a worker looks for tenants that are new. */
const lookEveryMs = 1_000;
/** So often it looks how long the queues are, when somebody wants to know. */
const standingEvery = 5;
/** A tenant without producers for so long, and without jobs, is forgotten. */
const idleSecs = 3_600;
/** A Redis that was emptied knows its tenants again before this. */
const closeAfterMs = 60_000;

/** Takes the jobs of all tenants, each in lines of its own; new ones are found within `lookEveryMs`. */
export class TenantWorkers {
  readonly #settings: QueueWorkerSettings;
  readonly #connection: RedisConnection;
  readonly #consumer: LabelConsumer;
  readonly #tenants = new Map<string, { readonly workers: Workers; listedMs: number }>();
  readonly #ended = new AbortController();
  #seenMs = performance.now();
  standing: QueueStanding | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(settings: QueueWorkerSettings, connection: RedisConnection, consumer: LabelConsumer) {
    this.#settings = settings;
    this.#connection = connection;
    this.#consumer = consumer;
  }

  async start(): Promise<void> {
    await this.#start(defaultTenant);
    await this.#look();
    this.#looking = this.#watch();
  }

  /** Milliseconds since Redis last said who is there. */
  silentMs(): number {
    return performance.now() - this.#seenMs;
  }

  /** Takes no more jobs. What is not finished in time goes to another worker once its lock has run out. */
  async close(withinMs: number): Promise<void> {
    this.#ended.abort();
    const stop = new AbortController();
    const deadline = sleep(withinMs, undefined, { signal: stop.signal }).catch(() => undefined);
    const ends = [...this.#tenants.values()].flatMap(({ workers }) => workers.map(closeQuietly));
    await Promise.race([Promise.all([...ends, this.#looking]), deadline]);
    stop.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended;
    for (let round = 1; !signal.aborted; round += 1) {
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#look();
        if (this.#settings.watchesDepth && round % standingEvery === 1) await this.#readDepth();
        // Rarely, and not by all workers at once.
        if (round % 600 === 0) await this.#forgetIdle();
      } catch {
        // What is wrong with the connection is told of where jobs are taken.
      }
    }
  }

  async #look(): Promise<void> {
    const names = await listTenants(this.#connection, this.#settings.version);
    const now = performance.now();
    this.#seenMs = now;
    for (const name of names) {
      const known = this.#tenants.get(name);
      if (known !== undefined) known.listedMs = now;
      else if (!this.#ended.signal.aborted) await this.#start(name);
    }
    for (const [name, { workers, listedMs }] of this.#tenants) {
      if (now - listedMs < closeAfterMs) continue;
      this.#tenants.delete(name);
      void Promise.all(workers.map(closeQuietly));
    }
  }

  async #readDepth(): Promise<void> {
    const { standing } = await readStanding(this.#connection, this.#settings.version, defaultTenant);
    this.standing = standing;
  }

  async #start(tenant: string): Promise<void> {
    const start = (lane: (typeof lanes)[number]): Promise<Worker<LabelJob>> =>
      takeJobs(this.#settings, this.#connection, this.#consumer, { lane, tenant });
    this.#tenants.set(tenant, { workers: await Promise.all(lanes.map(start)), listedMs: performance.now() });
  }

  async #forgetIdle(): Promise<void> {
    const { version } = this.#settings;
    for (const tenant of this.#tenants.keys()) {
      if (tenant === defaultTenant) continue;
      const { waiting, waitingBackfill, active, delayed } = await readDepth(this.#connection, { version, tenant }, 0);
      if (waiting + waitingBackfill + active + delayed > 0) continue;
      await forgetTenant(this.#connection, version, tenant, idleSecs);
    }
  }
}

/** A second call waits for the first. */
async function closeQuietly(worker: Worker<LabelJob>): Promise<void> {
  await worker.close().catch(() => undefined);
}

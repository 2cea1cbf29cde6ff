import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterRedis } from "../cluster/cluster-redis.ts";
import { type HeldLease, holdLease, lostLease } from "../cluster/held-lease.ts";
import { createLeaseStore, type LeaseStore } from "../cluster/lease-store.ts";
import { type ClusterMember, removeMember, reportMember } from "../cluster/members.ts";
import { planShare } from "../cluster/shares.ts";
import {
  beginRound,
  type Fingerprints,
  judgedName,
  partitionResource,
  shareWork,
  sliceResource,
  type Work,
} from "../cluster/work.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SourceSlice } from "../sdk/connector.ts";
import type { ClusterGauges } from "../telemetry/run-metrics.ts";
import type { Slices } from "./run-partition.ts";

/** One of the nodes that share the work of a pipeline. */
export interface NodeSettings {
  readonly redis: ClusterRedis;
  readonly member: ClusterMember;
  readonly leaseMs: number;
  readonly partitions: number;
  readonly slices: readonly SourceSlice[];
  /** Slices read at once at most. */
  readonly maxSlices: number;
  readonly fingerprints: Fingerprints;
  /** Names the rules that are asked now; undefined where none are. */
  readonly rules?: (() => string | undefined) | undefined;
  /** Reads a slice until its end or `stop`, and notes the end. */
  readonly runSlice: (slice: SourceSlice, lease: HeldLease, stop: AbortSignal) => Promise<void>;
  /** Judges a partition until all input is judged or `stop`, and notes the end. */
  readonly runPartition: (
    partition: number,
    lease: HeldLease,
    slices: () => Slices,
    stop: AbortSignal,
  ) => Promise<unknown>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called now and then. */
  readonly onStanding?: (standing: ClusterGauges) => void;
  /** Is told that nodes ask different rules, seldom. */
  readonly onOtherRules?: (error: TagsmithError) => void;
  /** Is told what is wrong while work waits, or moves to another owner. */
  readonly onTrouble: (error: TagsmithError) => void;
}

/**
 * Takes this node's share of slices and partitions, gives back what others should have, and takes over what nodes that
 * are gone have left, until all input is read and judged, or `stop`. Throws what ends a pipeline, and
 * `cluster_of_other_config`.
 */
export async function runNode(settings: NodeSettings, stop: AbortSignal): Promise<void> {
  const node = new ClusterNode(settings);
  try {
    await node.run(stop);
  } finally {
    await node.close();
  }
}

/** A resource that this node works on. */
interface Held {
  readonly lease: HeldLease;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

const ticksPerLease = 6;
const remindEveryMs = 60_000;
/** A server that is away notices by itself that we are gone. */
const leaveWithinMs = 1_000;

class ClusterNode {
  readonly #settings: NodeSettings;
  readonly #leases: LeaseStore;
  readonly #held = new Map<string, Held>();
  /** The highest token seen of each resource: Redis may forget the last one. */
  readonly #tokens = new Map<string, number>();
  readonly #partitions: readonly string[];
  readonly #slices: ReadonlyMap<string, SourceSlice>;
  /** What ended the node before its work was done. */
  readonly #failed = new AbortController();
  #work: Work = { slices: [], done: new Set() };
  #wake = new AbortController();
  #isClosing = false;
  #lostLeases = 0;
  #toldRules = { difference: "", atMs: 0 };

  constructor(settings: NodeSettings) {
    this.#settings = settings;
    this.#leases = createLeaseStore(settings.redis);
    this.#partitions = Array.from({ length: settings.partitions }, (_, number) => partitionResource(number));
    this.#slices = new Map(settings.slices.map((slice) => [sliceResource(slice.name), slice]));
  }

  async run(stop: AbortSignal): Promise<void> {
    const { redis, leaseMs, onTrouble } = this.#settings;
    const over = AbortSignal.any([stop, this.#failed.signal]);
    let hasBegun = false;
    while (!over.aborted) {
      this.#wake = new AbortController();
      try {
        if (!hasBegun) await beginRound(redis, leaseMs, [...this.#slices.keys(), ...this.#partitions]);
        hasBegun = true;
        if (await orAbort(this.#tick(), over)) return;
      } catch (error) {
        if (over.aborted) break;
        if (!(error instanceof TagsmithError) || error.remedy !== "retry") throw error;
        onTrouble(error);
      }
      const signal = AbortSignal.any([over, this.#wake.signal]);
      await sleep(leaseMs / ticksPerLease, undefined, { signal }).catch(() => undefined);
    }
    this.#failed.signal.throwIfAborted();
  }

  /** What is in hand is finished and stored. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { stop } of this.#held.values()) stop.abort();
    await Promise.all(Array.from(this.#held.values(), ({ ended }) => ended));
    const { redis, member } = this.#settings;
    const gone = removeMember(redis, member.id).catch(() => undefined);
    await Promise.race([gone, sleep(leaveWithinMs, undefined, { ref: false })]);
  }

  /** True when there is nothing more to do. */
  async #tick(): Promise<boolean> {
    const { redis, leaseMs, fingerprints, maxSlices } = this.#settings;
    const rules = this.#settings.rules?.();
    const member = { ...this.#settings.member, ...(rules !== undefined && { rules }) };
    const members = await reportMember(redis, member, leaseMs);
    this.#compareRules(member, members);
    this.#work = await shareWork(redis, fingerprints, [...this.#slices.keys()]);
    const { isOver, open } = this.#standing();
    const partitions = this.#partitions.filter((name) => !isOver || !this.#work.done.has(name));
    if (isOver && partitions.length === 0) return true;
    const all = [...open, ...partitions];
    const found = await this.#leases.owners(all);
    for (const [place, name] of all.entries()) this.#noteToken(name, found[place]?.token ?? 0);
    const owners = new Map(all.flatMap((name, place) => (found[place] ? [[name, found[place].node] as const] : [])));
    const nodes = members.map(({ id }) => id);
    this.#tellStanding(nodes.length);
    const share = { node: member.id, nodes, owners };
    await this.#balance({ ...share, resources: open.filter((name) => this.#slices.has(name)), most: maxSlices });
    await this.#balance({ ...share, resources: partitions, most: partitions.length });
    return false;
  }

  /** Says so for each way in which they differ, and again every minute. */
  #compareRules(own: ClusterMember, members: readonly ClusterMember[]): void {
    const others = members.filter(({ rules }) => rules !== own.rules);
    const difference = JSON.stringify([own.rules, ...others.flatMap(({ id, rules }) => [id, rules])]);
    const isNew = difference !== this.#toldRules.difference;
    const isDue = isNew || this.#settings.now() - this.#toldRules.atMs > remindEveryMs;
    if (isDue) this.#toldRules = { difference, atMs: this.#settings.now() };
    if (others.length === 0 || !isDue) return;
    const names = others.map(({ host, pid }) => `${host} ${pid}`).join(", ");
    const message = `other rules are asked by ${names}: what they read lacks the alerts of rules they do not have.`;
    const error = new TagsmithError("cluster_of_other_rules", `${message} Give all nodes the same.`, "retry");
    this.#settings.onOtherRules?.(error);
  }

  #tellStanding(nodes: number): void {
    const slices = [...this.#held.keys()].filter((name) => this.#slices.has(name)).length;
    const partitions = this.#held.size - slices;
    this.#settings.onStanding?.({ nodes, slices, partitions, lostLeases: this.#lostLeases });
  }

  async #balance(settings: Parameters<typeof planShare>[0]): Promise<void> {
    const { release, acquire } = planShare(settings);
    for (const name of release) this.#held.get(name)?.stop.abort();
    for (const name of acquire) if (!this.#held.has(name)) await this.#take(name);
  }

  async #take(name: string): Promise<void> {
    const { member, leaseMs, now } = this.#settings;
    const above = this.#tokens.get(name);
    const lease = await holdLease(name, { store: this.#leases, node: member.id, ttlMs: leaseMs, above, now });
    if (lease === undefined) return;
    this.#noteToken(name, lease.owner.token);
    if (this.#isClosing) return lease.release();
    const stop = new AbortController();
    const ended = this.#workOn(name, lease, stop.signal).then((how) => {
      this.#held.delete(name);
      // What is in trouble is tried again at the next look, not at once.
      if (how === "ended") this.#wake.abort();
    });
    this.#held.set(name, { lease, stop, ended });
  }

  #noteToken(name: string, token: number): void {
    this.#tokens.set(name, Math.max(token, this.#tokens.get(name) ?? 0));
  }

  async #workOn(name: string, lease: HeldLease, stop: AbortSignal): Promise<"ended" | "troubled"> {
    const { runSlice, runPartition, onTrouble } = this.#settings;
    try {
      const slice = this.#slices.get(name);
      if (slice !== undefined) await runSlice(slice, lease, stop);
      else {
        const partition = this.#partitions.indexOf(name);
        await runPartition(partition, lease, () => this.#standing(), stop);
      }
      return "ended";
    } catch (cause) {
      const error: unknown = (await this.#hasLost(lease)) ? lostLease(name) : cause;
      if (error instanceof TagsmithError && error.remedy === "reconnect") this.#lostLeases += 1;
      if (!(error instanceof TagsmithError) || !isPassing(error)) this.#failed.abort(error);
      else onTrouble(error);
      return this.#failed.signal.aborted ? "ended" : "troubled";
    } finally {
      await Promise.race([lease.release().catch(() => undefined), sleep(leaveWithinMs, undefined, { ref: false })]);
    }
  }

  /** Whoever takes a resource over may have taken away what its old owner was working with. */
  async #hasLost(lease: HeldLease): Promise<boolean> {
    const asked = this.#leases.renew(lease.resource, lease.owner, this.#settings.leaseMs).catch(() => undefined);
    const isOurs = await Promise.race([asked, sleep(leaveWithinMs, undefined, { ref: false })]);
    return isOurs === false || lease.lost.aborted;
  }

  #standing(): Slices {
    const { slices, done } = this.#work;
    const open = [...new Set([...slices, ...this.#slices.keys()])].filter((name) => !done.has(name));
    const judged = new Set(this.#partitions.filter((name) => done.has(judgedName(name))));
    return { open, isOver: open.length === 0, judged, isJudged: judged.size === this.#partitions.length };
  }
}

/** Whether the work can be tried again, here or by another node. */
function isPassing({ remedy }: TagsmithError): boolean {
  return remedy === "reconnect" || remedy === "retry";
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const abort = (): void => resolve(undefined);
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}

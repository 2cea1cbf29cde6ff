import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import type { ClusterRedis } from "../../src/cluster/cluster-redis.ts";
import type { EventRow } from "../../src/cluster/event-row.ts";
import { type HeldLease, holdLease } from "../../src/cluster/held-lease.ts";
import { createLeaseStore } from "../../src/cluster/lease-store.ts";
import type { SliceStep } from "../../src/cluster/slice-store.ts";
import { connectRedis, type RedisConnection } from "../../src/queue/redis-connection.ts";
import { type RunningRedis, startRedis } from "../servers/start-redis.ts";

/** A Redis for the tests of a file; each call gives a cluster of its own. */
export function useClusterRedis(): () => ClusterRedis {
  let server: RunningRedis;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await startRedis();
    connection = await connectRedis({ url: server.url, isCluster: false, keyPrefix: "test" }, () => undefined);
  });
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });
  return () => {
    const name = randomUUID();
    return {
      call: (command, args) => connection.call(command, args),
      key: (...parts) => connection.key(name, ...parts),
    };
  };
}

export const ttlMs = 60_000;

/** Waits for the next second where it must; throws where it has an owner. */
export async function hold(redis: ClusterRedis, resource: string, node: string): Promise<HeldLease> {
  const store = createLeaseStore(redis);
  // As if Redis had long been there.
  await redis.call("SET", [redis.key("born"), 1, "NX"]);
  for (const since = performance.now(); ; await sleep(20)) {
    const lease = await holdLease(resource, { store, node, ttlMs, now: () => performance.now() });
    if (lease !== undefined) return lease;
    if (performance.now() - since > 5_000) throw new Error(`${resource} has an owner`);
  }
}

/** As if its owner had been silent too long, without its knowing. */
export async function takeAway(redis: ClusterRedis, resource: string): Promise<void> {
  await redis.call("DEL", [redis.key("lease", resource)]);
}

/** An event as partitions keep it. */
export function rowOf(id: string, sessionKey = "s"): EventRow {
  const labels = [
    [3, 0.1 + 0.2],
    ["a_tag", 0.25],
  ] as const;
  return { id, sessionKey, timeMs: 1_750_000_000_000.25, sequence: 7, platform: "linux", host: "web-1", labels };
}

/** A step of a slice whose events are all of partition 0. */
export function stepOf(cursor: string, ids: readonly string[], isIdle = false): SliceStep {
  const entry = { slice: "slice/a", beforeMs: undefined, afterMs: 5, rows: ids.map((id) => rowOf(id)) };
  const checkpoint = { cursor, sinkPosition: "p", normalizerState: "n", newestMs: 5 };
  return { checkpoint, entries: new Map(ids.length === 0 ? [] : [[0, entry]]), isIdle };
}

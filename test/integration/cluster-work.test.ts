import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ClusterRedis } from "../../src/cluster/cluster-redis.ts";
import type { HeldLease } from "../../src/cluster/held-lease.ts";
import { createLeaseStore } from "../../src/cluster/lease-store.ts";
import { reportMember } from "../../src/cluster/members.ts";
import { createSliceStore } from "../../src/cluster/slice-store.ts";
import { beginRound, finishWork, partitionResource, shareWork, sliceResource } from "../../src/cluster/work.ts";
import type { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { runNode } from "../../src/pipeline/run-node.ts";
import { redisError } from "../../src/queue/redis-error.ts";
import { checkLeases } from "../contract/check-leases.ts";
import { createMemoryLeases } from "../contract/lease-in-memory.ts";
import { hold, stepOf, takeAway, useClusterRedis } from "./cluster-redis-scene.ts";

const freshRedis = useClusterRedis();
const shared = { config: "f", detect: "none" };

/** A node with one partition to do, and nothing to read. */
const nodeOn = (redis: ClusterRedis) => ({
  redis,
  member: { id: "x", host: "web-1", pid: 1 },
  partitions: 1,
  slices: [],
  maxSlices: 1,
  fingerprints: { config: "f", detect: "" },
  runSlice: async () => undefined,
  now: () => performance.now(),
});

describe("leases in Redis", () => {
  checkLeases(async () => {
    const redis = freshRedis();
    const resources = ["a", "b", "c"];
    const keys = resources.flatMap((name) => [redis.key("lease", name), redis.key("token", name)]);
    const empty = async () => void (await redis.call("DEL", [...keys, redis.key("born")]));
    return { store: createLeaseStore(redis), empty };
  });
});

describe("leases in memory", () => {
  checkLeases(async () => {
    let now = (): number => Date.now();
    let store = createMemoryLeases(now);
    return {
      store: {
        acquire: (...args) => store.acquire(...args),
        renew: (...args) => store.renew(...args),
        release: (...args) => store.release(...args),
        owners: (...args) => store.owners(...args),
      },
      empty: async () => {
        now = () => Date.now();
        store = createMemoryLeases(now);
      },
    };
  });
});

describe("the work of a cluster", () => {
  it("is the same for all nodes, is done once, and begins anew when a node starts after it was done", async () => {
    const redis = freshRedis();
    const [slices, partitions] = [["a", "b"].map(sliceResource), [0, 1].map(partitionResource)];
    const all = [...slices, ...partitions];
    await beginRound(redis, 1_000, all);
    expect(await shareWork(redis, shared, slices)).toEqual({ slices, done: new Set() });
    for (const name of all) await finishWork(redis, await hold(redis, name, "x"), 0);
    expect((await shareWork(redis, shared, slices)).done).toEqual(new Set(all));
    // A slice that nobody knew before gives the partitions more to do.
    const more = [...slices, sliceResource("c")];
    expect((await shareWork(redis, shared, more)).done).toEqual(new Set(slices));
    await expect(shareWork(redis, { ...shared, config: "g" }, slices)).rejects.toMatchObject({
      code: "cluster_of_other_config",
    });
    for (const name of [...partitions, sliceResource("c")]) {
      await takeAway(redis, name);
      await finishWork(redis, await hold(redis, name, "y"), 0);
    }
    await beginRound(redis, 1_000, [...more, ...partitions]);
    expect((await shareWork(redis, shared, more)).done).toEqual(new Set());
  });

  it("is not done by a node that has lost the lease", async () => {
    const redis = freshRedis();
    const lease = await hold(redis, "slice/a", "x");
    await takeAway(redis, "slice/a");
    await expect(finishWork(redis, lease, 0)).rejects.toMatchObject({ code: "cluster_lease_lost" });
  });

  it("is not done while the server lacks the last step, which is then read again", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    await slice.commit(stepOf("1", ["e1"]));
    await slice.commit(stepOf("2", ["e2"]));
    // As on a replica that had got the first step only.
    await redis.call("HSET", [redis.key("checkpoint", "slice/a"), "step", 1, "cursor", "1"]);
    await expect(slice.finish()).rejects.toMatchObject({ code: "cluster_checkpoint_lost" });
    expect(await redis.call("SCARD", [redis.key("done")])).toBe(0);
  });

  it("is tried again after an error of the server that passes", async () => {
    const redis = freshRedis();
    const said: string[] = [];
    let tries = 0;
    const settings = {
      ...nodeOn(redis),
      leaseMs: 2_400,
      runPartition: async (_partition: number, lease: HeldLease) => {
        tries += 1;
        if (tries < 3) throw redisError(new Error("CLUSTERDOWN The cluster is down"));
        await finishWork(redis, lease, 0);
      },
      onTrouble: ({ code }: TagsmithError) => void said.push(code),
    };
    const since = performance.now();
    await runNode(settings, AbortSignal.timeout(30_000));
    expect(tries).toBe(3);
    expect(said).toEqual(["queue_redis_unready", "queue_redis_unready"]);
    expect(performance.now() - since).toBeGreaterThan(790);
  }, 40_000);

  it("is taken with a higher token than any that the node has seen, also after Redis has lost them", async () => {
    const redis = freshRedis();
    const name = partitionResource(0);
    const empty = () => redis.call("DEL", [redis.key("lease", name), redis.key("token", name)]);
    await redis.call("SET", [redis.key("token", name), 4_000_000_000]);
    const other = await hold(redis, name, "other");
    const tokens = [other.owner.token];
    const settings = {
      ...nodeOn(redis),
      leaseMs: 1_500,
      runPartition: async (_partition: number, lease: HeldLease) => {
        tokens.push(lease.owner.token);
        if (tokens.length === 3) return finishWork(redis, lease, 0);
        await empty();
        throw redisError(new Error("CLUSTERDOWN The cluster is down"));
      },
      onTrouble: () => undefined,
    };
    const run = runNode(settings, AbortSignal.timeout(30_000));
    // By then it has seen the other's.
    await sleep(1_000);
    await empty();
    await run;
    await other.release();
    expect(tokens).toEqual([4_000_000_001, 4_000_000_002, 4_000_000_003]);
  }, 40_000);

  it("knows its nodes for as long as they report", async () => {
    const redis = freshRedis();
    const [one, two] = ["1", "2"].map((id) => ({ id, host: "web-1", pid: 7 }));
    expect(await reportMember(redis, one, 1_500)).toEqual([one]);
    expect(await reportMember(redis, two, 1_500)).toEqual([one, two]);
    await sleep(1_600);
    expect(await reportMember(redis, two, 1_500)).toEqual([two]);
  });
});

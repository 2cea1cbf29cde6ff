import { describe, expect, it } from "vitest";
import type { ClusterRedis } from "../../src/cluster/cluster-redis.ts";
import { readCluster } from "../../src/cluster/cluster-view.ts";
import { createLeaseStore } from "../../src/cluster/lease-store.ts";
import { reportMember } from "../../src/cluster/members.ts";
import { createPartitionStore } from "../../src/cluster/partition-store.ts";
import { createSliceStore, readMarks } from "../../src/cluster/slice-store.ts";
import { beginRound, shareWork } from "../../src/cluster/work.ts";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { startRedisCluster } from "../servers/start-redis-cluster.ts";
import { hold, rowOf, stepOf, takeAway, ttlMs, useClusterRedis } from "./cluster-redis-scene.ts";

const freshRedis = useClusterRedis();
const shared = { config: "f", detect: "none" };

describe("checkpoints of a slice", () => {
  it("go on where the last owner came to, and hand their events over once", async () => {
    const redis = freshRedis();
    const first = await hold(redis, "slice/a", "x");
    const store = createSliceStore(redis, first, 100);
    expect(await store.load()).toEqual({});
    await store.commit(stepOf("1", ["e1", "e2"]));
    await store.commit(stepOf("2", []));
    expect(await readMarks(redis)).toEqual(new Map([["slice/a", 5]]));
    await store.commit(stepOf("3", ["e3"], true));
    await first.release();
    const next = createSliceStore(redis, await hold(redis, "slice/a", "y"), 100);
    expect(await next.load()).toEqual({ cursor: "3", sinkPosition: "p", normalizerState: "n", newestMs: 5 });
    await next.commit(stepOf("4", ["e4"]));
    const partition = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await partition.load();
    const ids = (await partition.read(10)).entries.flatMap(({ entry }) => entry.rows.map(({ id }) => id));
    expect(ids).toEqual(["e1", "e2", "e3", "e4"]);
  });

  it("are refused, with their events, from an owner that has lost the lease", async () => {
    const redis = freshRedis();
    const stale = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await stale.load();
    await stale.commit(stepOf("1", ["e1"]));
    await takeAway(redis, "slice/a");
    await expect(stale.commit(stepOf("2", ["late"]))).rejects.toMatchObject({ code: "cluster_lease_lost" });
    const fresh = createSliceStore(redis, await hold(redis, "slice/a", "y"), 100);
    expect(await fresh.load()).toMatchObject({ cursor: "1" });
    await fresh.commit(stepOf("2", ["e2"]));
    await expect(stale.commit(stepOf("2", ["late"]))).rejects.toMatchObject({ code: "cluster_lease_lost" });
    expect(await redis.call("XLEN", [redis.key("stream", "0")])).toBe(2);
  });

  it("are refused when the server has lost the one before", async () => {
    const redis = freshRedis();
    const store = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await store.load();
    await store.commit(stepOf("1", ["e1"]));
    const key = redis.key("checkpoint", "slice/a");
    const before = await redis.call("DUMP", [key]);
    expect(typeof before).toBe("string");
    await store.commit(stepOf("2", ["e2"]));
    await redis.call("HSET", [key, "step", 1, "cursor", "1"]);
    await expect(store.commit(stepOf("3", ["e3"]))).rejects.toMatchObject({ code: "cluster_checkpoint_lost" });
    expect(await store.load()).toMatchObject({ cursor: "1" });
    await store.commit(stepOf("2", ["e2"]));
  });

  it("wait while a partition is full, and are stored once when they are tried again", async () => {
    const redis = freshRedis();
    const store = createSliceStore(redis, await hold(redis, "slice/a", "x"), 2);
    await store.load();
    await store.commit(stepOf("1", ["e1"]));
    await store.commit(stepOf("2", ["e2"]));
    const step = stepOf("3", ["e3"]);
    await expect(store.commit(step)).rejects.toMatchObject({ code: "cluster_partition_full", remedy: "retry" });
    const partition = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await partition.load();
    const { entries: waiting } = await partition.read(1);
    const done = { marks: {}, addEvents: [], expired: [], notes: [] };
    await partition.commit({ ...done, lastEntry: waiting[0]?.id ?? "" });
    await store.commit(step);
    expect((await partition.read(10)).entries.flatMap(({ entry }) => entry.rows.map(({ id }) => id))).toEqual([
      "e2",
      "e3",
    ]);
  });
});

describe("a Redis that is a cluster itself", () => {
  it("has all keys of a cluster of nodes in one slot", async () => {
    const own = await startRedisCluster();
    const sharded = await connectRedis({ url: own.url, isCluster: true, keyPrefix: "t" }, () => undefined);
    try {
      const redis: ClusterRedis = {
        call: (command, args) => sharded.call(command, args),
        key: (...parts) => sharded.key("cluster", "default", ...parts),
      };
      await beginRound(redis, 1_000, ["slice/a", "partition/0"]);
      await shareWork(redis, shared, ["slice/a"]);
      await reportMember(redis, { id: "1", host: "web-1", pid: 1 }, 1_000);
      const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
      await slice.load();
      await slice.commit(stepOf("1", ["e1"]));
      const partition = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
      await partition.load();
      expect((await partition.read(10)).entries.length).toBe(1);
      await partition.commit({ marks: {}, addEvents: [rowOf("e1")], expired: [], notes: [["s", "n"]] });
      const view = await readCluster(redis, 60_000, 2);
      expect(view.slices).toMatchObject([{ name: "slice/a", owner: "x", isDone: false, newest: 5 }]);
      expect(view.partitions.map(({ owner, waitingSteps }) => [owner, waitingSteps])).toEqual([
        ["x", 1],
        [null, 0],
      ]);
      expect((await own.sizes()).filter((size) => size > 0).length).toBe(1);
    } finally {
      await sharded.close();
      await own.stop();
    }
  }, 60_000);
});

describe("a Redis that is full", () => {
  it("takes no checkpoint, keeps the leases alive, and takes the checkpoint when there is room again", async () => {
    const redis = freshRedis();
    const lease = await hold(redis, "slice/a", "x");
    const store = createSliceStore(redis, lease, 100);
    await store.load();
    const step = stepOf("1", ["e1"]);
    await redis.call("CONFIG", ["SET", "maxmemory", 1]);
    try {
      await expect(store.commit(step)).rejects.toMatchObject({ code: "queue_redis_full", remedy: "retry" });
      expect(await createLeaseStore(redis).renew("slice/a", lease.owner, ttlMs)).toBe(true);
    } finally {
      await redis.call("CONFIG", ["SET", "maxmemory", 0]);
    }
    expect(await store.load()).toEqual({});
    await store.commit(step);
    expect(await redis.call("XLEN", [redis.key("stream", "0")])).toBe(1);
  });
});

describe("the state of a partition", () => {
  it("is stored in a full server, too, which is how it gets room again", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    await slice.commit(stepOf("1", ["e1"]));
    const store = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await store.load();
    const lastEntry = (await store.read(10)).entries.at(-1)?.id ?? "";
    await redis.call("CONFIG", ["SET", "maxmemory", 1]);
    try {
      await expect(slice.commit(stepOf("2", ["e2"]))).rejects.toMatchObject({ code: "queue_redis_full" });
      await store.commit({ lastEntry, marks: {}, addEvents: [rowOf("e1")], expired: [], notes: [["s", "n"]] });
      await store.commit({ marks: {}, addEvents: [], expired: [{ sessionKey: "s", untilTimeMs: 9e12 }], notes: [] });
    } finally {
      await redis.call("CONFIG", ["SET", "maxmemory", 0]);
    }
    expect(await redis.call("XLEN", [redis.key("stream", "0")])).toBe(0);
    expect(await store.load()).toMatchObject({ notes: [["s", "n"]], events: [] });
  });

  it("comes back to the next owner as it was stored, exact to the last digit", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    await slice.commit(stepOf("1", ["e1"]));
    const lease = await hold(redis, "partition/0", "x");
    const store = createPartitionStore(redis, lease, 0);
    expect(await store.load()).toEqual({ marks: {}, events: [], notes: [] });
    const [first] = (await store.read(10)).entries;
    expect(first?.entry.rows).toEqual([rowOf("e1")]);
    const rows = [rowOf("e1"), rowOf("e2"), rowOf("e3", 'half \ud800 " key'), { ...rowOf("e4"), timeMs: 9e12 }];
    await store.commit({
      lastEntry: first?.id ?? "",
      sinkPosition: "7",
      meta: "m",
      marks: { "slice/a": 5.5 },
      addEvents: rows,
      expired: [],
      notes: [
        ['half \ud800 " key', "note"],
        ["s", "other"],
      ],
    });
    await store.commit({
      marks: {},
      addEvents: [],
      notes: [["s", null]],
      expired: [{ sessionKey: "s", untilTimeMs: 8e12 }],
    });
    await lease.release();
    const next = createPartitionStore(redis, await hold(redis, "partition/0", "y"), 0);
    const state = await next.load();
    expect(state).toMatchObject({ sinkPosition: "7", meta: "m", notes: [['half \ud800 " key', "note"]] });
    expect([...state.events].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(rows.slice(2));
    expect(await next.read(10)).toEqual({ entries: [], hasAll: true });
    expect(await redis.call("XLEN", [redis.key("stream", "0")])).toBe(0);
  });

  it("is refused from an owner that has lost the lease, which cannot read any more either", async () => {
    const redis = freshRedis();
    const stale = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await stale.load();
    await takeAway(redis, "partition/0");
    const fresh = createPartitionStore(redis, await hold(redis, "partition/0", "y"), 0);
    await fresh.load();
    const step = { meta: "fresh", marks: {}, addEvents: [rowOf("e1")], expired: [], notes: [] };
    await fresh.commit(step);
    await expect(stale.commit({ ...step, meta: "stale" })).rejects.toMatchObject({ code: "cluster_lease_lost" });
    await expect(stale.read(10)).rejects.toMatchObject({ code: "cluster_lease_lost" });
    expect((await fresh.load()).meta).toBe("fresh");
  });

  it("takes no step over events that the server has lost since they were read: they are read again", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    await slice.commit(stepOf("1", ["e1"]));
    const store = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await store.load();
    const done = { marks: {}, addEvents: [], expired: [], notes: [] };
    await store.commit({ ...done, lastEntry: (await store.read(10)).entries.at(-1)?.id ?? "" });
    await slice.commit(stepOf("2", ["e2"]));
    const { entries: waiting } = await store.read(10);
    // As on a replica that had not got it.
    await redis.call("XDEL", [redis.key("stream", "0"), waiting[0]?.id ?? ""]);
    const step = { ...done, lastEntry: waiting[0]?.id ?? "", addEvents: [rowOf("e2")] };
    await expect(store.commit(step)).rejects.toMatchObject({ code: "cluster_checkpoint_lost" });
    expect((await store.load()).events).toEqual([]);
  });

  it("is read in portions that bound the memory it takes, a large entry alone", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    const many = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}-${n}`);
    for (const [n, count] of [5_000, 1_000, 1_000, 1, 1].entries()) {
      await slice.commit(stepOf(String(n), many(String(n), count)));
    }
    const store = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await store.load();
    const portions: (readonly [number[], boolean])[] = [];
    for (let read = await store.read(10); read.entries.length > 0; read = await store.read(10)) {
      portions.push([read.entries.map(({ entry }) => entry.rows.length), read.hasAll]);
    }
    expect(portions).toEqual([
      [[5_000], false],
      [[1_000, 1_000, 1, 1], true],
    ]);
  });

  it("is not read on when the server has lost what was stored last", async () => {
    const redis = freshRedis();
    const store = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await store.load();
    await store.commit({ meta: "1", marks: {}, addEvents: [], expired: [], notes: [] });
    await redis.call("DEL", [redis.key("checkpoint", "partition/0")]);
    await expect(store.read(10)).rejects.toMatchObject({ code: "cluster_checkpoint_lost" });
  });
});

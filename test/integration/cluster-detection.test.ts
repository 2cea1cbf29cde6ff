import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createJudgedMarks } from "../../src/cluster/judged-marks.ts";
import type { MatchRow } from "../../src/cluster/match-row.ts";
import { reportMember } from "../../src/cluster/members.ts";
import { createPartitionStore } from "../../src/cluster/partition-store.ts";
import { createSliceStore, type SliceStep } from "../../src/cluster/slice-store.ts";
import { beginRound, readWork, shareWork } from "../../src/cluster/work.ts";
import { hold, takeAway, useClusterRedis } from "./cluster-redis-scene.ts";

const freshRedis = useClusterRedis();
const shared = { config: "f", detect: "none" };

function stepOf(cursor: string, ids: readonly string[]): SliceStep {
  const rows = ids.map((id) => ({
    id,
    sessionKey: "s",
    timeMs: 5,
    sequence: 7,
    platform: "linux" as const,
    labels: [],
  }));
  const entry = { slice: "slice/a", beforeMs: undefined, afterMs: 5, rows };
  const checkpoint = { cursor, sinkPosition: "p", newestMs: 5 };
  return { checkpoint, entries: new Map(ids.length === 0 ? [] : [[0, entry]]), isIdle: false };
}

describe("what rules remember and match", () => {
  const matched = (id: string): MatchRow => ({
    document: { event: { id }, tagsmith: { text: "half \ud800" } },
    timeMs: 5.25,
    order: [7, id],
    rules: ["r"],
  });
  const nothing = { marks: {}, addEvents: [], expired: [], notes: [] };

  it("is stored with the checkpoint, behind what there is or in its place, for slices and partitions", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    const partition = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await Promise.all([slice.load(), partition.load()]);
    const steps = [
      { replace: false, append: ["1"] },
      { replace: false, append: ["2", "3"] },
      { replace: true, append: ["all"] },
      { replace: false, append: ["4"] },
    ];
    const found: unknown[] = [];
    for (const detection of steps) {
      await slice.commit({ ...stepOf("1", ["e1"]), detection });
      await partition.commit({ ...nothing, detection });
      found.push((await slice.load()).detection, (await partition.load()).detection);
    }
    await partition.commit({ ...nothing, meta: "m" });
    found.push((await partition.load()).detection);
    expect(found).toEqual([
      ["1"],
      ["1"],
      ["1", "2", "3"],
      ["1", "2", "3"],
      ["all"],
      ["all"],
      ["all", "4"],
      ["all", "4"],
      ["all", "4"],
    ]);
  });

  it("comes to the partitions that count it in the step of its owner, and in no step of an owner that was replaced", async () => {
    const redis = freshRedis();
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    const entry = { slice: "slice/a", beforeMs: 1, afterMs: 5, rows: [], matches: [matched("e1")] };
    await slice.commit({ ...stepOf("1", []), entries: new Map([[1, entry]]) });
    const stale = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await stale.load();
    await stale.commit({ ...nothing, matches: new Map([[1, [matched("e2"), matched("e3")]]]) });
    await takeAway(redis, "partition/0");
    await hold(redis, "partition/0", "y");
    const late = stale.commit({ ...nothing, matches: new Map([[1, [matched("e4")]]]), isJudged: true });
    await expect(late).rejects.toMatchObject({ code: "cluster_lease_lost" });
    const reader = createPartitionStore(redis, await hold(redis, "partition/1", "x"), 1);
    await reader.load();
    const entries = (await reader.read(10)).entries.map(({ entry: { slice: from, matches } }) => [from, matches]);
    expect(entries).toEqual([
      ["slice/a", [matched("e1")]],
      ["partition/0", [matched("e2"), matched("e3")]],
    ]);
    expect((await readWork(redis)).done.size).toBe(0);
  });

  it("waits for all that was sent before to be judged by every partition", async () => {
    const redis = freshRedis();
    await shareWork(redis, shared, ["slice/a"]);
    const slice = createSliceStore(redis, await hold(redis, "slice/a", "x"), 100);
    await slice.load();
    const look = createJudgedMarks(redis, 2, () => 1);
    expect(await look()).toBeUndefined();
    const before = await look();
    expect(before).toMatchObject({ slices: ["slice/a"], lookedMs: 1 });
    expect(before?.marks.size).toBe(0);
    const partition = createPartitionStore(redis, await hold(redis, "partition/0", "x"), 0);
    await partition.load();
    const judge = async (): Promise<void> => {
      const [entry] = (await partition.read(10)).entries;
      await partition.commit({ ...nothing, lastEntry: entry?.id ?? "" });
      await sleep(2);
    };
    await slice.commit(stepOf("1", ["e1"]));
    await sleep(2);
    for (let n = 0; n < 3; n += 1) expect((await look())?.marks.size).toBe(0);
    await judge();
    // Gives what was before e1, and remembers e1.
    expect((await look())?.marks.size).toBe(0);
    await slice.commit(stepOf("2", ["e2"]));
    expect((await look())?.marks.size).toBe(0);
    await judge();
    expect((await look())?.marks).toEqual(new Map([["slice/a", 5]]));
  });

  it("is asked with other settings only once no node runs", async () => {
    const redis = freshRedis();
    const other = { ...shared, detect: "other" };
    await shareWork(redis, shared, ["slice/a"]);
    await reportMember(redis, { id: "1", host: "web-1", pid: 7 }, 1_500);
    await beginRound(redis, 1_500, ["slice/a"]);
    await expect(shareWork(redis, other, ["slice/a"])).rejects.toMatchObject({ code: "cluster_of_other_config" });
    await sleep(1_600);
    await beginRound(redis, 1_500, ["slice/a"]);
    expect((await shareWork(redis, other, ["slice/a"])).slices).toEqual(["slice/a"]);
  });
});

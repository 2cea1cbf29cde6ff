import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endOfShare, ownsMinute, shareQuery } from "../../connectors/elasticsearch/minute-share.ts";
import { openSearchConnector } from "../../connectors/opensearch/connector.ts";
import { partitionOf } from "../../src/cluster/partition-of.ts";
import { planShare } from "../../src/cluster/shares.ts";
import { Watermarks } from "../../src/cluster/watermarks.ts";
import { formatMetrics } from "../../src/telemetry/format-metrics.ts";
import { createRunMetrics } from "../../src/telemetry/run-metrics.ts";
import { createCounts } from "../../src/telemetry/signals.ts";

/** Lets all nodes act on their plans, in turn, until nobody wants to do anything. */
function settle(nodes: readonly string[], resources: readonly string[], owners: Map<string, string>): number {
  let moves = 0;
  for (let round = 0; round < 100; round += 1) {
    let hasChanged = false;
    for (const node of nodes) {
      const { release, acquire } = planShare({ node, nodes, resources, owners, most: resources.length });
      for (const name of release) owners.delete(name);
      for (const name of acquire) if (!owners.has(name)) owners.set(name, node);
      moves += acquire.length;
      hasChanged ||= release.length + acquire.length > 0;
    }
    if (!hasChanged) return moves;
  }
  throw new Error("the nodes never agree");
}

describe("shares of nodes", () => {
  const resources = Array.from({ length: 64 }, (_, n) => `partition/${n}`);

  it("differ by one at most, whoever comes and goes, and cover everything", () => {
    const steps = fc.array(
      fc.uniqueArray(fc.constantFrom<string>("a", "b", "c", "d", "e", "f", "g"), { minLength: 1 }),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 64 }), (memberships, count) => {
        const owners = new Map<string, string>();
        const some = resources.slice(0, count);
        for (const nodes of memberships) {
          for (const [name, owner] of owners) if (!nodes.includes(owner)) owners.delete(name);
          settle(nodes, some, owners);
          expect(owners.size).toBe(count);
          const counts = nodes.map((node) => [...owners.values()].filter((owner) => owner === node).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("move no more than the newcomer's share when a node joins", () => {
    const owners = new Map<string, string>();
    settle(["a", "b", "c"], resources, owners);
    const before = new Map(owners);
    settle(["a", "b", "c", "d"], resources, owners);
    const moved = resources.filter((name) => owners.get(name) !== before.get(name));
    expect(moved.length).toBe(16);
    expect(moved.every((name) => owners.get(name) === "d")).toBe(true);
  });

  it("let nodes that start together want different resources first", () => {
    const nodes = ["a", "b", "c"];
    const first = nodes.map((node) => planShare({ node, nodes, resources, owners: new Map(), most: 64 }).acquire[0]);
    expect(new Set(first).size).toBe(3);
    const { acquire } = planShare({ node: "a", nodes, resources, owners: new Map(), most: 4 });
    expect(acquire.length).toBe(4);
    expect(planShare({ node: "gone", nodes, resources, owners: new Map(), most: 64 }).acquire).toEqual([]);
  });
});

describe("a node's part in a cluster", () => {
  it("is among the metrics of its run", () => {
    const cluster = { nodes: 3, slices: 2, partitions: 21, lostLeases: 4 };
    const run = { ...createRunMetrics(createCounts(), () => 0).snapshot(), cluster };
    const metrics = formatMetrics(run, { residentBytes: 0, cpuSecs: 0 });
    for (const line of [
      "tagsmith_cluster_nodes 3",
      'tagsmith_cluster_owned_parts{part="slice"} 2',
      'tagsmith_cluster_owned_parts{part="partition"} 21',
      "tagsmith_cluster_leases_lost_total 4",
    ]) {
      expect(metrics).toContain(`${line}\n`);
    }
  });
});

describe("partitions of session keys", () => {
  it("are even, and the same in every run", () => {
    const counts = new Array<number>(64).fill(0);
    for (let n = 0; n < 64_000; n += 1) {
      const partition = partitionOf(`host-${n}`, 64);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
    expect(["a", "b", "half \ud800", ""].map((key) => partitionOf(key, 64))).toEqual([18, 22, 51, 2]);
    expect(partitionOf("anything", 1)).toBe(0);
  });
});

describe("event time of a partition", () => {
  it("is that of the slice furthest behind which still has something to read", () => {
    const marks = new Watermarks({ a: 100 });
    expect(marks.lowMs(["a", "b"])).toBe(Number.NEGATIVE_INFINITY);
    marks.note("b", 40);
    expect(marks.lowMs(["a", "b"])).toBe(40);
    marks.note("b", 30);
    expect(marks.lowMs(["a", "b"])).toBe(40);
    marks.note("b", "idle");
    expect(marks.lowMs(["a", "b"])).toBe(100);
    marks.note("b", 60);
    expect(marks.lowMs(["a", "b"])).toBe(60);
    expect(marks.lowMs(["a"])).toBe(100);
    expect(marks.lowMs([])).toBe(100);
    expect(new Watermarks(marks.store(["a", "b"])).lowMs(["a", "b"])).toBe(60);
  });

  it("is stored without the slices that are done, however many files there were, and goes on as far", () => {
    const marks = new Watermarks();
    for (let n = 0; n < 10_000; n += 1) marks.note(`slice/done-${n}`, n);
    marks.note("slice/open", 500);
    const stored = marks.store(["slice/open", "slice/new"]);
    expect(Object.keys(stored).length).toBe(2);
    const next = new Watermarks(stored);
    expect(next.lowMs(["slice/open"])).toBe(500);
    expect(next.lowMs([])).toBe(9_999);
    expect(next.lowMs(["slice/open", "slice/new"])).toBe(Number.NEGATIVE_INFINITY);
  });

  it("is the clock's once no slice has anything to read, those that have not begun included", () => {
    const marks = new Watermarks();
    marks.note("a", "idle");
    expect(marks.areIdle(["a"])).toBe(true);
    expect(marks.areIdle(["a", "b"])).toBe(false);
    marks.note("b", 5);
    expect(marks.areIdle(["a", "b"])).toBe(false);
    marks.note("b", "idle");
    expect(marks.areIdle(["a", "b"])).toBe(true);
    marks.note("a", 6);
    expect(marks.areIdle(["a", "b"])).toBe(false);
  });
});

describe("slices of indices", () => {
  const split = async (indices: readonly string[], more: object = {}): Promise<string[]> => {
    const settings = { urls: ["http://127.0.0.1:9"], indices, time_fields: ["@timestamp"], ...more };
    const slices = (await openSearchConnector.splitSource?.(settings)) ?? [];
    // Each slice is a source of its own.
    for (const slice of slices) openSearchConnector.createSource(slice.settings);
    return slices.map(({ name }) => name);
  };

  it("keep expressions together that may name the same index, and lanes apart", async () => {
    expect(await split(["logs-a", "logs-b"])).toEqual(["logs-a by @timestamp", "logs-b by @timestamp"]);
    expect(await split(["logs-a", "metrics-*", "logs-*", "logs-b"])).toEqual([
      "metrics-* by @timestamp",
      "logs-a,logs-*,logs-b by @timestamp",
    ]);
    expect(await split(["a-*-x", "*-b-*"])).toEqual(["a-*-x,*-b-* by @timestamp"]);
    expect(await split(["a-*-x", "b-*-x", "eu:a-*"])).toEqual([
      "a-*-x by @timestamp",
      "b-*-x by @timestamp",
      "eu:a-* by @timestamp",
    ]);
    expect(await split(["logs-a", "logs-b", "-logs-b-old"])).toEqual(["logs-a,logs-b,-logs-b-old by @timestamp"]);
    expect(await split(["x"], { time_fields: ["event.ingested", "@timestamp"] })).toEqual([
      "x by event.ingested",
      "x by @timestamp",
    ]);
  });

  it("divide the minutes of a lane among them, each to one", async () => {
    const names = await split(["logs-*"], { slices: 3 });
    expect(names).toEqual([1, 2, 3].map((n) => `logs-* by @timestamp, ${n} of 3`));
    const share = (number: number) => ({ number, of: 3 });
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), (timeMs) => {
        const owners = [0, 1, 2].filter((number) => ownsMinute(share(number), timeMs));
        expect(owners.length).toBe(1);
        const window = { from: timeMs - 400_000, to: timeMs + 1 };
        const asked = [0, 1, 2].filter((number) => {
          const { bool } = { bool: { should: [] }, ...shareQuery(share(number), "t", window) };
          return bool.should.some(({ range }: { range: { t: { gte: number; lt: number } } }) => {
            return range.t.gte <= timeMs && timeMs < range.t.lt;
          });
        });
        expect(asked).toEqual(owners);
      }),
    );
    expect(ownsMinute(undefined, 5)).toBe(true);
    expect(shareQuery(share(1), "t", { from: 0, to: 30_000 })).toEqual({ match_none: {} });
    // A window holds no more minutes than a query takes conditions.
    for (const fromMs of [0, 59_999, -1]) {
      const to = endOfShare(share(2), fromMs, Number.MAX_SAFE_INTEGER);
      expect(JSON.stringify(shareQuery(share(2), "t", { from: fromMs, to })).match(/"gte"/g)?.length).toBe(300);
    }
    expect(endOfShare(share(2), 0, 1_000)).toBe(1_000);
  });

  it("are found in time however the patterns are written", async () => {
    const [a, b] = [`${"*a".repeat(60)}b`, `${"*b".repeat(60)}a`];
    expect((await split([a, b])).length).toBeLessThanOrEqual(2);
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createAdmissionWindow } from "../../src/queue/admission-window.ts";
import { encodeSafely } from "../../src/queue/encode-safely.ts";
import { cutBatches, digestOf, queueNameOf, readLabelJob } from "../../src/queue/label-job.ts";
import { createMicroBatcher } from "../../src/queue/micro-batcher.ts";
import { failedText, packRankings, type Ranking, unpackRanking } from "../../src/queue/ranking-text.ts";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { redisError } from "../../src/queue/redis-error.ts";

const open = new AbortController().signal;

const live = { lane: "live", tenant: "default" } as const;
const backfill = { lane: "backfill", tenant: "default" } as const;

/** A ranking that says which text it is of. */
function rankingOf(text: string): Ranking {
  return { indices: Uint16Array.of(text.length), scores: Float32Array.of(text.length / 3) };
}

describe("packRankings", () => {
  it("gives every bit back", () => {
    const rankings = [
      { indices: Uint16Array.of(0, 360, 65_535), scores: Float32Array.of(0.1, 1e-45, -0) },
      { indices: Uint16Array.of(1, 2, 3), scores: Float32Array.of(1, 0.333_333_34, 0) },
    ];
    const texts = packRankings(rankings, 3);
    expect(texts.map((text) => unpackRanking(text, 3))).toEqual(rankings);
    expect(Object.is(unpackRanking(texts[0] ?? "", 3).scores[2], -0)).toBe(true);
  });

  it("reads the mark of a failed text as no labels, and refuses damaged ones", () => {
    expect(unpackRanking(failedText, 3).indices).toHaveLength(0);
    expect(() => unpackRanking("AAAA", 3)).toThrow("3 bytes");
    expect(() => packRankings([rankingOf("x")], 2)).toThrow("1 labels");
  });
});

describe("label jobs", () => {
  it("are cut by number and by size, and a text too long goes alone", () => {
    const texts = ["aa", "bb", "cccccccc", "d", "e", "f"];
    const limits = { maxTexts: 3, maxChars: 5 };
    expect(cutBatches([0, 1, 2, 3, 4, 5], texts, limits)).toEqual([[0, 1], [2], [3, 4, 5]]);
    expect(cutBatches([], texts, limits)).toEqual([]);
  });

  it("are read back, and what is none of ours is refused", () => {
    const job = { version: "m@1", producer: "p", texts: ["a"] };
    expect(readLabelJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
    for (const other of [
      null,
      5,
      "x",
      [],
      {},
      { ...job, texts: "a" },
      { ...job, texts: [1] },
      { ...job, version: 1 },
    ]) {
      expect(readLabelJob(other)).toBeUndefined();
    }
  });

  it("of two versions stand in two queues, whose names hold no colon", () => {
    const names = ["a@1:x", "a@1 x", "a@1/x"].map((version) =>
      queueNameOf(version, { lane: "live", tenant: "default" }),
    );
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^live-[\w.@+-]+$/);
  });

  it("tell texts apart that look alike", () => {
    expect(new Set(["a", "A", "a ", "а", "a\0"].map(digestOf)).size).toBe(5);
  });
});

describe("the admission window", () => {
  const make = (more = {}) => {
    let nowMs = 0;
    const settings = { minTexts: 10, maxTexts: 1_000, targetMs: 100, now: () => nowMs, ...more };
    const window = createAdmissionWindow(settings);
    return { window, pass: (ms: number) => (nowMs += ms) };
  };

  it("grows while answers come in time and shrinks once for each late stretch", () => {
    const { window, pass } = make();
    expect(window.state().limit).toBe(80);
    window.answered(50, 20);
    expect(window.state().limit).toBe(130);
    for (let n = 0; n < 5; n += 1) window.answered(50, 500);
    expect(window.state().limit).toBe(91);
    for (let n = 0; n < 20; n += 1) {
      pass(200);
      window.answered(50, 500);
    }
    expect(window.state().limit).toBe(10);
    for (let n = 0; n < 100; n += 1) window.answered(50, 1);
    expect(window.state().limit).toBe(1_000);
  });

  it("lets callers in as they came, and one that is too large when it is alone", async () => {
    const { window } = make();
    const entered: string[] = [];
    await window.enter(500, open);
    const waits = ["a", "b"].map((name) => window.enter(30, open).then(() => entered.push(name)));
    await sleep(1);
    expect(entered).toEqual([]);
    expect(window.state().waiting).toBe(60);
    window.leave(500);
    await Promise.all(waits);
    expect(entered).toEqual(["a", "b"]);
  });

  it("forgets who gave up", async () => {
    const { window } = make();
    await window.enter(80, open);
    const stop = new AbortController();
    const first = window.enter(80, stop.signal);
    const second = window.enter(5, open);
    stop.abort(new Error("stop"));
    await expect(first).rejects.toThrow("stop");
    window.leave(80);
    await second;
    await expect(window.enter(1, stop.signal)).rejects.toThrow("stop");
  });

  it("keeps to so many texts a second", async () => {
    const { window } = make({ maxPerSec: 1_000, now: () => performance.now() });
    const start = performance.now();
    for (let n = 0; n < 15; n += 1) {
      await window.enter(10, open);
      window.leave(10);
    }
    expect(performance.now() - start).toBeGreaterThanOrEqual(120);
  });
});

describe("the micro-batcher", () => {
  const make = (more = {}) => {
    const batches: string[][] = [];
    const batcher = createMicroBatcher({
      encode: async (texts) => {
        batches.push([...texts]);
        await sleep(10);
        if (texts.includes("bad")) throw new Error("bad text");
        return texts.map(rankingOf);
      },
      maxTexts: 4,
      maxChars: 100,
      maxInFlight: 1,
      ...more,
    });
    return { batches, batcher };
  };

  it("puts jobs that come together into one batch, and a text of two jobs once", async () => {
    const { batches, batcher } = make();
    const [one, two] = await Promise.all([batcher.encode(["a", "bb"], live), batcher.encode(["bb", "ccc"], live)]);
    expect(batches).toEqual([["a", "bb", "ccc"]]);
    expect(one).toEqual(["a", "bb"].map(rankingOf));
    expect(two).toEqual(["bb", "ccc"].map(rankingOf));
  });

  it("does live work first, in batches of bounded size", async () => {
    const { batches, batcher } = make();
    const old = batcher.encode(["1", "2", "3", "4", "5", "6"], backfill);
    await sleep(5);
    await Promise.all([old, batcher.encode(["a", "b"], live)]);
    expect(batches).toEqual([
      ["1", "2", "3", "4"],
      ["a", "b", "5", "6"],
    ]);
  });

  it("does a text of a backfill at once that something live asks for, too", async () => {
    const { batches, batcher } = make();
    const old = batcher.encode(["1", "2", "3", "4", "5", "6", "7", "8", "9"], backfill);
    await sleep(5);
    await Promise.all([old, batcher.encode(["9", "a"], live)]);
    expect(batches[1]?.slice(0, 2)).toEqual(["9", "a"]);
    expect(batches.flat().toSorted()).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "a"]);
  });

  it("fills batches from all tenants alike", async () => {
    const { batches, batcher } = make();
    const of = (tenant: string) => ({ lane: "live", tenant }) as const;
    const first = batcher.encode(["0"], of("a"));
    await sleep(5);
    await Promise.all([first, batcher.encode(["a", "b", "c", "d", "e"], of("a")), batcher.encode(["x", "y"], of("b"))]);
    expect(batches[1]?.toSorted()).toEqual(["a", "b", "x", "y"]);
  });

  it("fails the jobs of a bad batch only, and forgets its texts", async () => {
    const { batches, batcher } = make({ maxTexts: 1 });
    const [bad, good] = await Promise.allSettled([batcher.encode(["bad"], live), batcher.encode(["good"], live)]);
    expect([bad.status, good.status]).toEqual(["rejected", "fulfilled"]);
    await expect(batcher.encode(["bad"], live)).rejects.toThrow("bad text");
    expect(batches.length).toBe(3);
  });

  it("leaves one alone while it asks to be", async () => {
    const { batches, batcher } = make({ maxInFlight: 2 });
    const first = batcher.encode(["a"], live);
    await sleep(2);
    const seen: number[] = [];
    const lonely = batcher.alone(async () => {
      seen.push(batches.length);
      await sleep(20);
      seen.push(batches.length);
    });
    await Promise.all([first, lonely, batcher.encode(["b"], live)]);
    expect(seen).toEqual([1, 1]);
    expect(batches).toEqual([["a"], ["b"]]);
  });
});

describe("encodeSafely", () => {
  it("finds the bad texts with few tries, and keeps the order", async () => {
    let tries = 0;
    const texts = Array.from({ length: 64 }, (_, n) => "x".repeat(n + 1));
    const rankings = await encodeSafely(texts, async (some) => {
      tries += 1;
      if (some.some((text) => text.length === 7 || text.length === 50)) throw new Error("bad");
      return some.map(rankingOf);
    });
    expect(rankings.map((ranking) => ranking?.indices[0])).toEqual(
      texts.map(({ length }) => (length === 7 || length === 50 ? undefined : length)),
    );
    expect(tries).toBeLessThan(40);
  });

  it("blames no text when everything fails", async () => {
    await expect(encodeSafely(["a", "b"], () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });
});

describe("redisError", () => {
  it.each([
    ["WRONGPASS invalid username-password pair", "queue_redis_unauthorized", "exit"],
    ["NOAUTH Authentication required.", "queue_redis_unauthorized", "exit"],
    ["OOM command not allowed when used memory > 'maxmemory'.", "queue_redis_full", "retry"],
    ["ReplyError: OOM command not allowed", "queue_redis_failed", "retry"],
    ["LOADING Redis is loading the dataset in memory", "queue_redis_unready", "retry"],
    ["READONLY You can't write against a read only replica.", "queue_redis_unready", "retry"],
    ["connect ECONNREFUSED 127.0.0.1:6379", "queue_redis_unreachable", "retry"],
    ["self-signed certificate in certificate chain", "queue_redis_tls_failed", "exit"],
    ["Missing lock for job 7. moveToFinished", "queue_job_taken_over", "retry"],
    ["ERR unknown command", "queue_redis_failed", "retry"],
  ])("reads %s", (message, code, remedy) => {
    expect(redisError(new Error(message))).toMatchObject({ code, remedy });
  });

  it("is given up when nobody answers for as long as was said, and says so once", async () => {
    const settings = { url: "redis://127.0.0.1:1", isCluster: false, keyPrefix: "x" };
    const given = connectRedis(settings, () => undefined, 100);
    await expect(given).rejects.toMatchObject({ code: "queue_redis_unreachable", remedy: "exit" });
    await expect(given).rejects.toThrow(
      /^Redis cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1, for 0\.1 s now$/,
    );
  });
});

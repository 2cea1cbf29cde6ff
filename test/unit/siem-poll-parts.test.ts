import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBackOff } from "../../connectors/elasticsearch/back-off.ts";
import { BucketLedger, bucketMs } from "../../connectors/elasticsearch/bucket-ledger.ts";
import { LanePosition } from "../../connectors/elasticsearch/lane-position.ts";
import { createPageSize } from "../../connectors/elasticsearch/page-size.ts";
import { formatCursor, parseCursor } from "../../connectors/elasticsearch/poll-cursor.ts";
import { SearchError } from "../../connectors/elasticsearch/search-error.ts";
import type { Hit, Page } from "../../connectors/elasticsearch/search-page.ts";
import { searchPage } from "../../connectors/elasticsearch/search-page.ts";
import { openSearchSourceConfigSchema, startOf } from "../../connectors/elasticsearch/source-config.ts";
import { toRecords } from "../../connectors/elasticsearch/to-records.ts";

function hit(id: string, timeMs: number, seqNo: number | undefined = 0, index = "logs"): Hit {
  return { index, id, timeMs, seqNo, source: { id }, sort: [timeMs] };
}

function page(hits: readonly Hit[], tookMs = 5): Page {
  return { hits, total: hits.length, shards: 1, tookMs, viewId: undefined, aggregations: undefined };
}

const lane = { field: "event.ingested", without: [] };

describe("a place in a lane", () => {
  it("survives being stored: what was taken before is not taken again", () => {
    const times = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 40 }), (steps, cut) => {
        const hits = [...steps].sort((a, b) => a - b).map((timeMs, n) => hit(`d${n}`, timeMs));
        const first = new LanePosition(lane, undefined, 0);
        const before = hits.slice(0, cut);
        const taken = first.takeNew(before);
        first.advance(before.at(-1)?.timeMs ?? 0, 0);
        const stored = parseCursor(formatCursor([first.store()])).get(lane.field);
        const second = new LanePosition(lane, stored, 99);
        const again = second.takeNew(hits.filter(({ timeMs }) => timeMs >= (second.atMs ?? 0)));
        expect([...taken, ...again].map(({ id }) => id)).toEqual(hits.map(({ id }) => id));
      }),
    );
  });

  it("stays small: only documents at its edge and counts are stored", () => {
    const position = new LanePosition(lane, undefined, undefined);
    for (let n = 0; n < 50_000; n += 1) {
      position.takeNew([hit(`d${n}`, n * 100)]);
      position.advance(n * 100, 3_600_000);
    }
    expect(formatCursor([position.store()]).length).toBeLessThan(2_000);
  });

  it("is refused when it cannot be read", () => {
    expect(() => parseCursor('{"version":2}')).toThrow(expect.objectContaining({ code: "siem_cursor_invalid" }));
    expect(() => parseCursor("{")).toThrow(expect.objectContaining({ code: "siem_cursor_invalid" }));
    expect(parseCursor(undefined).size).toBe(0);
  });
});

describe("the ledger of minutes", () => {
  it("is the same after it was stored", () => {
    const numbers = fc.array(fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(numbers, (times) => {
        const ledger = new BucketLedger();
        for (const time of times) ledger.add(time);
        const copy = BucketLedger.ofNumbers(ledger.toNumbers());
        for (const time of times) expect(copy.countAt(time)).toBe(ledger.countAt(time));
        expect(copy.toNumbers()).toEqual(ledger.toNumbers());
      }),
    );
  });

  it("forgets whole minutes only", () => {
    const ledger = new BucketLedger();
    ledger.add(0);
    ledger.add(bucketMs);
    ledger.forgetBefore(bucketMs + 1);
    expect([ledger.countAt(0), ledger.countAt(bucketMs)]).toEqual([0, 1]);
  });
});

describe("the size of pages", () => {
  it("grows for small documents, and stays within its bounds", () => {
    const size = createPageSize(2_000, 1_000_000);
    const first = size.current;
    for (let round = 0; round < 10; round += 1) size.learn(page([hit("a", 1), hit("b", 2)]));
    expect(first).toBeLessThan(size.current);
    expect(size.current).toBe(2_000);
  });

  it("shrinks for large documents, for a slow server, and for one that cannot", () => {
    const size = createPageSize(2_000, 100_000);
    size.learn(page([{ ...hit("a", 1), source: { text: "x".repeat(10_000) } }]));
    expect(size.current).toBeLessThan(11);
    const slow = createPageSize(2_000, 1_000_000);
    slow.learn(page([hit("a", 1)], 60_000));
    expect(slow.current).toBe(250);
    for (let round = 0; round < 20; round += 1) slow.shrink();
    expect(slow.current).toBe(1);
  });
});

describe("records of hits", () => {
  it("stand in rising sequence within their index, whatever order they come in", () => {
    const hits = fc.array(
      fc.record({
        id: fc.uuid(),
        seqNo: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
        index: fc.constantFrom("a", "b"),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(hits, (some) => {
        const records = toRecords(some.map(({ id, seqNo, index }, n) => hit(id, n, seqNo, index)));
        expect(records.map(({ id }) => id).sort()).toEqual(some.map(({ id }) => id).sort());
        const last = new Map<string, number>();
        for (const { container, sequence } of records) {
          expect(sequence).toBeGreaterThan(last.get(container) ?? -1);
          expect(Number.isSafeInteger(sequence)).toBe(true);
          last.set(container, sequence);
        }
      }),
    );
  });
});

describe("waiting for a server", () => {
  it("takes longer each time, as long as the server asks, and begins anew after a success", async () => {
    const waits: number[] = [];
    const stop = new AbortController();
    const backOff = createBackOff(
      () => 1,
      (_error, waitMs) => {
        waits.push(waitMs);
        stop.abort();
      },
    );
    const kind = { code: "siem_rate_limited", remedy: "retry" } as const;
    for (let n = 0; n < 8; n += 1) await backOff.wait(new SearchError(kind, "no"), stop.signal);
    await backOff.wait(new SearchError(kind, "no", { retryAfterMs: 45_000 }), stop.signal);
    backOff.reset();
    await backOff.wait(new SearchError(kind, "no"), stop.signal);
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 45_000, 500]);
  });
});

describe("an answer to a search", () => {
  const whole = { took: 1, timed_out: false, _shards: { total: 2, failed: 0 }, hits: { hits: [] } };
  const search = (body: unknown): Promise<Page> =>
    searchPage(
      { request: async () => ({ status: 200, body }), close: async () => undefined },
      ["a"],
      {},
      new AbortController().signal,
    );

  it("is not taken for whole when a shard, a cluster or time was short", async () => {
    expect((await search(whole)).shards).toBe(2);
    const failures = [{ shard: 0, index: "a", reason: { type: "x", reason: "disk is on fire" } }];
    for (const part of [
      { _shards: { total: 2, failed: 1, failures } },
      { timed_out: true },
      { _clusters: { total: 2, successful: 1, skipped: 1 } },
      { _clusters: { total: 2, successful: 1, partial: 1 } },
    ]) {
      await expect(search({ ...whole, ...part })).rejects.toMatchObject({
        code: "siem_shards_failed",
        remedy: "retry",
      });
    }
    await expect(search({ took: 1 })).rejects.toMatchObject({ code: "siem_answer_invalid" });
    await expect(search([])).rejects.toMatchObject({ code: "siem_answer_invalid" });
  });
});

describe("the settings of a poll source", () => {
  it("start where they say", () => {
    const now = Date.parse("2026-01-02T00:00:00Z");
    expect(startOf("beginning", now)).toBeUndefined();
    expect(startOf("now", now)).toBe(now);
    expect(startOf("now-90m", now)).toBe(now - 5_400_000);
    expect(startOf("2026-01-01T00:00:00Z", now)).toBe(now - 86_400_000);
  });

  it("refuse what cannot be", () => {
    const good = { urls: ["https://siem.example.com"], indices: ["logs-*"] };
    expect(openSearchSourceConfigSchema.safeParse(good).success).toBe(true);
    for (const bad of [
      { from: "yesterday" },
      { indices: [] },
      { batch_records: 10_001 },
      { api_key: "x" },
      { urls: ["siem"] },
    ]) {
      expect(openSearchSourceConfigSchema.safeParse({ ...good, ...bad }).success, JSON.stringify(bad)).toBe(false);
    }
  });
});

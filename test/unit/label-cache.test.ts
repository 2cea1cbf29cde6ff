import { describe, expect, it } from "vitest";
import { createLabelCache } from "../../src/label/label-cache.ts";
import type { Labelled } from "../../src/label/labelled.ts";

const labelled = (tag: string): Labelled => ({ labels: [{ label_id: tag, score: 0.5, axis: "a" }], tags: [tag] });

describe("createLabelCache", () => {
  it("returns the very object it was given, and counts hits and misses", () => {
    const cache = createLabelCache({ maxBytes: 100_000 });
    const value = labelled("read_file");
    expect(cache.get("cat a")).toBeUndefined();
    cache.set("cat a", value);
    expect(cache.get("cat a")).toBe(value);
    expect(cache.peek("cat a")).toBe(value);
    expect(cache.peek("cat b")).toBeUndefined();
    expect(cache.counters()).toMatchObject({ hits: 2, misses: 1, evictions: 0, entries: 1 });
  });

  it("stays within its bytes and evicts what is not asked for, but not what is", () => {
    const cache = createLabelCache({ maxBytes: 40_000 });
    cache.set("hot", labelled("hot"));
    for (let index = 0; index < 5_000; index++) {
      cache.set(`cold ${index}`, labelled("cold"));
      expect(cache.counters().bytes).toBeLessThanOrEqual(40_000);
      expect(cache.get("hot")).toBeDefined();
    }
    const { entries, evictions } = cache.counters();
    expect(entries + evictions).toBe(5_001);
    expect(entries).toBeGreaterThan(50);
    expect(cache.get("cold 0")).toBeUndefined();
    expect(cache.get("cold 4999")).toBeDefined();
  });

  it("accounts an entry once, however often it is set or moved", () => {
    const cache = createLabelCache({ maxBytes: 2_000 });
    cache.set("a", labelled("a"));
    const { bytes } = cache.counters();
    cache.set("a", labelled("a"));
    expect(cache.counters()).toMatchObject({ entries: 1, bytes });
    cache.set("b", labelled("b"));
    cache.set("c", labelled("c"));
    expect(cache.get("a")).toBeDefined();
    cache.set("a", labelled("a"));
    expect(cache.counters().entries * bytes).toBe(cache.counters().bytes);
  });

  it("holds nothing when it has no room, and no entry larger than half of it", () => {
    const none = createLabelCache({ maxBytes: 0 });
    none.set("a", labelled("a"));
    expect(none.get("a")).toBeUndefined();
    const small = createLabelCache({ maxBytes: 2_000 });
    small.set("x".repeat(1_000), labelled("a"));
    expect(small.counters()).toMatchObject({ entries: 0, bytes: 0 });
  });
});

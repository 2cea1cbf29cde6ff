import { describe, expect, it } from "vitest";
import { createFairLine } from "../../src/queue/fair-line.ts";

interface Item {
  readonly owner: string;
  readonly cost: number;
}

function lineOf(weights: Readonly<Record<string, number>> = {}) {
  const line = createFairLine<Item>(
    ({ cost }) => cost,
    (owner) => weights[owner] ?? 1,
  );
  const push = (owner: string, count: number, cost = 1): void => {
    for (let n = 0; n < count; n += 1) line.push(owner, { owner, cost });
  };
  const take = (count: number): string =>
    Array.from({ length: count }, () => line.take()?.owner ?? "-")
      .toSorted()
      .join("");
  return { line, push, take };
}

describe("a fair line", () => {
  it("alternates between owners, whoever has more waiting and came first", () => {
    const { push, take } = lineOf();
    push("a", 1_000);
    push("b", 3);
    expect(take(6)).toBe("aaabbb");
    expect(take(4)).toBe("aaaa");
  });

  it("counts what items cost, not how many they are", () => {
    const { push, take } = lineOf();
    push("a", 100, 10);
    push("b", 100, 1);
    const taken = take(44);
    expect(taken.split("b").length - 1).toBeGreaterThanOrEqual(39);
  });

  it("gives shares by weight", () => {
    const { push, take } = lineOf({ a: 3 });
    push("a", 100);
    push("b", 100);
    expect(take(40)).toBe("a".repeat(30) + "b".repeat(10));
  });

  it("gives nobody credit for having been idle, and nobody blame for having been alone", () => {
    const { push, take } = lineOf();
    push("a", 500);
    take(400);
    push("b", 100);
    expect(take(20)).toBe("a".repeat(10) + "b".repeat(10));
    take(180);
    push("a", 20);
    push("b", 20);
    expect(take(20)).toBe("a".repeat(10) + "b".repeat(10));
  });

  it("keeps the order of one owner, shows what is next, and lets items be taken out", () => {
    const { line } = lineOf();
    const items = [1, 2, 3].map((cost) => ({ owner: "a", cost }));
    for (const item of items) line.push("a", item);
    expect(line.peek()).toBe(items[0]);
    expect(line.remove({ owner: "a", cost: 2 })).toBe(false);
    expect(items.slice(1, 2).map((item) => line.remove(item))).toEqual([true]);
    expect([line.take(), line.take(), line.take(), line.peek()]).toEqual([items[0], items[2], undefined, undefined]);
  });
});

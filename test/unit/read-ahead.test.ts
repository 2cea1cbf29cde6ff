import { describe, expect, it } from "vitest";
import { readAhead } from "../../src/pipeline/read-ahead.ts";

async function* numbers(count: number, pulled: number[] = []): AsyncGenerator<number> {
  for (let index = 0; index < count; index += 1) {
    pulled.push(index);
    yield index;
  }
}

describe("readAhead", () => {
  it("keeps the order although later work ends earlier", async () => {
    const seen: number[] = [];
    const work = async (value: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 10 - value));
      return value;
    };
    for await (const value of readAhead(numbers(10), 4, work)) seen.push(value);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("pulls no more than the limit ahead of a slow consumer", async () => {
    const pulled: number[] = [];
    for await (const value of readAhead(numbers(20, pulled), 3, async (item) => item)) {
      expect(pulled.length).toBeLessThanOrEqual(value + 4);
    }
    expect(pulled.length).toBe(20);
  });

  it("throws a failure at its place and yields what came before", async () => {
    const seen: number[] = [];
    const run = async (): Promise<void> => {
      const work = async (value: number): Promise<number> => {
        if (value === 2) throw new Error("broken");
        return value;
      };
      for await (const value of readAhead(numbers(5), 4, work)) seen.push(value);
    };
    await expect(run()).rejects.toThrow("broken");
    expect(seen).toEqual([0, 1]);
  });

  it("closes the source when the consumer stops early", async () => {
    let closed = false;
    const source = async function* (): AsyncGenerator<number> {
      try {
        for (let index = 0; ; index += 1) yield index;
      } finally {
        closed = true;
      }
    };
    for await (const value of readAhead(source(), 2, async (item) => item)) if (value === 3) break;
    expect(closed).toBe(true);
  });
});

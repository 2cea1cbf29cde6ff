import { describe, expect, it } from "vitest";
import { coalesceTexts } from "../../src/label/coalesce-texts.ts";

const open = new AbortController().signal;

/** Work that ends when told to, and writes down what it was given. */
function controlledWork() {
  const calls: { texts: readonly string[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const work = (texts: readonly string[], signal: AbortSignal) =>
    new Promise<string[]>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      calls.push({ texts, finish: () => resolve(texts.map((text) => text.toUpperCase())), fail: reject });
    });
  return { calls, work };
}

describe("coalesceTexts", () => {
  it("sends a text once when calls overlap, and gives it to all", async () => {
    const { calls, work } = controlledWork();
    const coalescer = coalesceTexts(work);
    const first = coalescer.find(["a", "b"], open);
    const second = coalescer.find(["b", "c"], open);
    expect(calls.map((call) => call.texts)).toEqual([["a", "b"], ["c"]]);
    for (const call of calls) call.finish();
    expect(Object.fromEntries(await first)).toEqual({ a: "A", b: "B" });
    expect(Object.fromEntries(await second)).toEqual({ b: "B", c: "C" });
    expect(coalescer.counters()).toEqual({ sent: 3, coalesced: 1 });
  });

  it.each(["abort", "failure"])("takes a text up itself after the other call's %s", async (kind) => {
    const { calls, work } = controlledWork();
    const coalescer = coalesceTexts(work);
    const other = new AbortController();
    const first = coalescer.find(["a"], other.signal);
    const second = coalescer.find(["a"], open);
    if (kind === "abort") other.abort(new Error("gone"));
    else calls[0]?.fail(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    await new Promise((resolve) => setImmediate(resolve));
    calls[1]?.finish();
    expect((await second).get("a")).toBe("A");
  });

  it("stops waiting for another call when its own signal aborts", async () => {
    const { calls, work } = controlledWork();
    const coalescer = coalesceTexts(work);
    const impatient = new AbortController();
    const first = coalescer.find(["a"], open);
    const second = coalescer.find(["a"], impatient.signal);
    impatient.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    calls[0]?.finish();
    expect((await first).get("a")).toBe("A");
  });

  it("starts anew once a text has landed", async () => {
    const { calls, work } = controlledWork();
    const coalescer = coalesceTexts(work);
    const first = coalescer.find(["a"], open);
    calls[0]?.finish();
    await first;
    void coalescer.find(["a"], open);
    expect(calls).toHaveLength(2);
  });
});

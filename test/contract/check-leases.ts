import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type HeldLease, holdLease } from "../../src/cluster/held-lease.ts";
import type { LeaseStore } from "../../src/cluster/lease-store.ts";

/** A store of leases of its own for a test, with a way to see it lose everything: tests run side by side. */
export interface LeaseScene {
  readonly store: LeaseStore;
  empty(): Promise<void>;
}

const ttlMs = 1_200;

/** Takes a resource that is free, in the next second where it must be; 0 when it has an owner. */
async function take(store: LeaseStore, resource: string, node: string, above?: number): Promise<number> {
  for (const since = performance.now(); performance.now() - since < 5_000; await sleep(20)) {
    const token = await store.acquire(resource, node, ttlMs, above);
    if (token !== undefined) return token;
  }
  return 0;
}

/** Holds a store to the contract of `LeaseStore`, and what holds leases in it to that of `HeldLease`. */
export function checkLeases(create: () => Promise<LeaseScene>): void {
  describe.concurrent("keeps the contract of leases", () => {
    it("gives a resource to one of many who ask at once, and tells who it is", async () => {
      const { store } = await create();
      await store.release("c", { node: "x", token: await take(store, "c", "x") });
      const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => store.acquire("a", `node-${n}`, ttlMs)));
      const winners = [...tokens.keys()].filter((n) => tokens[n] !== undefined);
      expect(winners.length).toBe(1);
      const [winner = -1] = winners;
      expect(await store.owners(["a", "b"])).toEqual([{ node: `node-${winner}`, token: tokens[winner] }, undefined]);
      expect(await store.acquire("b", "node:with:colons", ttlMs)).toBeGreaterThan(0);
      expect((await store.owners(["b"]))[0]?.node).toBe("node:with:colons");
    });

    it("gives it away again when its time is over or it is released, each time with a higher token", async () => {
      const { store } = await create();
      const tokens: number[] = [];
      for (let n = 0; n < 5; n += 1) {
        const token = await take(store, "a", "x");
        tokens.push(token);
        if (n % 2 === 0) await store.release("a", { node: "x", token });
        else await sleep(ttlMs + 50);
      }
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    });

    it("renews and releases for the owner only", async () => {
      const { store } = await create();
      const first = { node: "x", token: await take(store, "a", "x") };
      for (let n = 0; n < 4; n += 1) {
        await sleep(ttlMs / 3);
        expect(await store.renew("a", first, ttlMs)).toBe(true);
      }
      expect(await store.renew("a", { ...first, node: "y" }, ttlMs)).toBe(false);
      await store.release("a", { ...first, token: first.token - 1 });
      expect(await store.acquire("a", "y", ttlMs)).toBeUndefined();
      await sleep(ttlMs + 50);
      expect(await store.renew("a", first, ttlMs)).toBe(false);
      const second = { node: "y", token: await take(store, "a", "y") };
      expect(await store.renew("a", first, ttlMs)).toBe(false);
      await store.release("a", first);
      expect(await store.owners(["a"])).toEqual([second]);
    });

    it("gives a higher token than is known, however soon after it has lost everything", async () => {
      const { store, empty } = await create();
      const tokens: number[] = [];
      for (let n = 0; n < 4; n += 1) {
        const token = await take(store, "a", "x", tokens.at(-1));
        tokens.push(token);
        if (n % 2 === 0) await store.release("a", { node: "x", token });
        else await empty();
      }
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
      expect(await take(store, "a", "y", (tokens.at(-1) ?? 0) + 1_000)).toBe((tokens.at(-1) ?? 0) + 1_001);
    });

    it("gives higher tokens even after it has lost everything", async () => {
      const { store, empty } = await create();
      const first = await take(store, "a", "x");
      await empty();
      expect(await store.renew("a", { node: "x", token: first }, ttlMs)).toBe(false);
      expect(await take(store, "a", "y")).toBeGreaterThan(first);
    });
  });

  describe.concurrent("holds a lease", () => {
    const hold = async (store: LeaseStore, node: string, now = () => performance.now()): Promise<HeldLease> => {
      for (const since = performance.now(); ; await sleep(20)) {
        const lease = await holdLease("a", { store, node, ttlMs, now });
        if (lease !== undefined) return lease;
        if (performance.now() - since > 5_000) throw new Error("it has an owner");
      }
    };

    it("for as long as it is asked to", async () => {
      const { store } = await create();
      const lease = await hold(store, "x");
      await sleep(2 * ttlMs);
      lease.check();
      expect(await holdLease("a", { store, node: "y", ttlMs, now: () => performance.now() })).toBeUndefined();
      await lease.release();
      await lease.release();
      expect(lease.lost.aborted).toBe(false);
      await (await hold(store, "y")).release();
    });

    it("and gives it up before others can have it when the store does not answer", async () => {
      const { store } = await create();
      const silent: LeaseStore = { ...store, renew: () => new Promise(() => undefined) };
      const lease = await hold(silent, "x");
      const lost = new Promise<void>((resolve) => lease.lost.addEventListener("abort", () => resolve()));
      const pending = lease.guard(new Promise(() => undefined));
      await expect(pending).rejects.toMatchObject({ code: "cluster_lease_lost", remedy: "reconnect" });
      await lost;
      expect(await store.acquire("a", "y", ttlMs)).toBeUndefined();
      expect(() => lease.check()).toThrow("another one may go on");
    });

    it("and notices after a pause without timers that its time is over", async () => {
      const { store } = await create();
      let pausedMs = 0;
      const lease = await hold(store, "x", () => performance.now() + pausedMs);
      lease.check();
      pausedMs = 10 * ttlMs;
      expect(() => lease.check()).toThrow("another one may go on");
      expect(lease.lost.aborted).toBe(true);
    });

    it("and notices soon that the store has lost it", async () => {
      const { store, empty } = await create();
      const lease = await hold(store, "x");
      await empty();
      await sleep(ttlMs);
      expect(lease.lost.aborted).toBe(true);
    });
  });
}

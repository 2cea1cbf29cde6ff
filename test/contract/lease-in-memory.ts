import type { LeaseStore } from "../../src/cluster/lease-store.ts";

/** Leases in memory, as the contract says; `now` is milliseconds. */
export function createMemoryLeases(now: () => number): LeaseStore {
  const leases = new Map<string, { readonly node: string; readonly token: number; untilMs: number }>();
  const tokens = new Map<string, number>();
  const second = () => Math.floor(now() / 1_000);
  let born: number | undefined;
  const find = (resource: string) => {
    const lease = leases.get(resource);
    return lease !== undefined && now() < lease.untilMs ? lease : undefined;
  };
  return {
    async acquire(resource, node, ttlMs, above = 0) {
      if (find(resource) !== undefined) return undefined;
      born ??= second();
      const last = tokens.get(resource);
      if ((last ?? born) >= second()) return undefined;
      const token = Math.max(second(), (last ?? 0) + 1, above + 1);
      tokens.set(resource, token);
      leases.set(resource, { node, token, untilMs: now() + ttlMs });
      return token;
    },
    async renew(resource, { node, token }, ttlMs) {
      const lease = find(resource);
      if (lease?.node !== node || lease.token !== token) return false;
      lease.untilMs = now() + ttlMs;
      return true;
    },
    async release(resource, { node, token }) {
      const lease = find(resource);
      if (lease?.node === node && lease.token === token) leases.delete(resource);
    },
    async owners(resources) {
      return resources.map((resource) => {
        const lease = find(resource);
        return lease && { node: lease.node, token: lease.token };
      });
    },
  };
}

import { type ClusterRedis, runScript } from "./cluster-redis.ts";

/** Who owns a resource, and since which of its owners. */
export interface Owner {
  readonly node: string;
  /** Rises with each owner of the resource, also when the store has lost everything in between. */
  readonly token: number;
}

/** Leases of named resources, each held by one owner at a time until its time is over. */
export interface LeaseStore {
  /**
   * The token of the new owner, higher than `above`; undefined while the resource has another one, and within the second
   * of the clock in which another one took it or the store was found empty.
   */
  acquire(resource: string, node: string, ttlMs: number, above?: number): Promise<number | undefined>;
  /** Begins the time anew; false when the lease is no longer this owner's, which it then never is again. */
  renew(resource: string, owner: Owner, ttlMs: number): Promise<boolean>;
  /** Does nothing when the lease is no longer this owner's. */
  release(resource: string, owner: Owner): Promise<void>;
  /** The owners of these resources now, in their order. */
  owners(resources: readonly string[]): Promise<readonly (Owner | undefined)[]>;
}

/**
 * A token is the second of the server's clock in which the lease was taken. It rises because no second gives two of a
 * resource, and does so even after the server has lost everything: what is found empty gives none before the next second.
 * Where the clock was put back, tokens are counted on from the last one, or from the highest that is known.
 */
const acquireScript = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local now = tonumber(redis.call('TIME')[1])
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if last == 0 then
  local born = tonumber(redis.call('GET', KEYS[3]) or '0')
  if born == 0 or born > now then redis.call('SET', KEYS[3], string.format('%.0f', now)) end
  if born == 0 or born >= now then return 0 end
end
if last == now then return 0 end
local token = string.format('%.0f', math.max(now, last + 1, tonumber(ARGV[3]) + 1))
redis.call('SET', KEYS[2], token)
redis.call('SET', KEYS[1], token .. ':' .. ARGV[1], 'NX', 'PX', ARGV[2])
return token`;

const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const releaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Leases in Redis: `SET NX PX`, compared and renewed or deleted in one step. */
export function createLeaseStore(redis: ClusterRedis): LeaseStore {
  return {
    async acquire(resource, node, ttlMs, above = 0) {
      const keys = [leaseKey(redis, resource), redis.key("token", resource), redis.key("born")];
      const token = Number(await runScript(redis, acquireScript, keys, [node, ttlMs, above]));
      return token > 0 ? token : undefined;
    },
    async renew(resource, owner, ttlMs) {
      const args = [leaseValue(owner), ttlMs];
      return Number(await runScript(redis, renewScript, [leaseKey(redis, resource)], args)) === 1;
    },
    async release(resource, owner) {
      await runScript(redis, releaseScript, [leaseKey(redis, resource)], [leaseValue(owner)]);
    },
    async owners(resources) {
      if (resources.length === 0) return [];
      const keys = resources.map((resource) => leaseKey(redis, resource));
      const values = await redis.call("MGET", keys);
      return Array.isArray(values) ? values.map(ownerOf) : [];
    },
  };
}

/** Where a lease is kept. */
export function leaseKey(redis: ClusterRedis, resource: string): string {
  return redis.key("lease", resource);
}

/** What is kept there; scripts that write under a lease compare it. */
export function leaseValue({ node, token }: Owner): string {
  return `${token}:${node}`;
}

function ownerOf(value: unknown): Owner | undefined {
  if (typeof value !== "string") return undefined;
  const [token = ""] = value.split(":");
  return { token: Number(token), node: value.slice(token.length + 1) };
}

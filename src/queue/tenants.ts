import { TagsmithError } from "../event/tagsmith-error.ts";
import { defaultTenant } from "./label-job.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** A worker has a connection for each lane of each tenant. */
export const maxTenants = 64;

const keptSecs = 86_400;

/** Notes that a tenant is there, unless too many are. */
const registration = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], redis.call('TIME')[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1`;

/** Takes a tenant out that was not seen for an hour; one that comes back meanwhile stays. */
const removal = `
local seen = tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
if seen and tonumber(redis.call('TIME')[1]) - seen > tonumber(ARGV[2]) then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0`;

/** What a tenant may be called; it becomes part of a key. */
const tenantPattern = /^[A-Za-z0-9][\w.-]{0,39}$/;

/**
 * Makes a tenant known to the workers of `version`, who find it within a second or two. The default one always is.
 * Throws `queue_too_many_tenants` (exit).
 */
export async function registerTenant(connection: RedisConnection, version: string, tenant: string): Promise<void> {
  if (tenant === defaultTenant) return;
  const key = connection.key("tenants", version);
  const isIn = await connection.call("EVAL", [registration, 1, key, tenant, maxTenants, keptSecs]);
  if (Number(isIn) === 1) return;
  const message = `${maxTenants} tenants use this queue; there is no place for ${tenant}.`;
  throw new TagsmithError("queue_too_many_tenants", message, "exit");
}

/** Names of all tenants of `version`; what no producer of ours has written is left out. */
export async function listTenants(connection: RedisConnection, version: string): Promise<readonly string[]> {
  const names = await connection.call("HKEYS", [connection.key("tenants", version)]);
  const found: readonly unknown[] = Array.isArray(names) ? names : [];
  const known = found.filter((name): name is string => typeof name === "string" && tenantPattern.test(name));
  return [defaultTenant, ...known.filter((name) => name !== defaultTenant).slice(0, maxTenants)];
}

/** Forgets a tenant that was not seen for `afterSecs`. Whether its queue is empty is the caller's to know. */
export async function forgetTenant(
  connection: RedisConnection,
  version: string,
  tenant: string,
  afterSecs: number,
): Promise<void> {
  await connection.call("EVAL", [removal, 1, connection.key("tenants", version), tenant, afterSecs]);
}

import { TagsmithError } from "../event/tagsmith-error.ts";
import { type ClusterRedis, runScript, textsOf } from "./cluster-redis.ts";
import { checkAnswer } from "./commit-answer.ts";
import type { HeldLease } from "./held-lease.ts";
import { leaseKey, leaseValue } from "./lease-store.ts";
import { reportMember } from "./members.ts";

/** What there is to do in a cluster, by the names that leases have, and what of it is done. */
export interface Work {
  readonly slices: readonly string[];
  readonly done: ReadonlySet<string>;
}

/**
 * Where no node is, slices that the configuration does not name any more are forgotten. Where all work of a round was
 * done, a node that starts begins another round, for what has come since.
 */
const beginScript = `
if redis.call('ZCARD', KEYS[3]) == 0 then redis.call('DEL', KEYS[2]) end
for i = 1, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then return 0 end
end
return redis.call('DEL', KEYS[1])`;

/** A slice that is new gives every partition something to wait for again. */
const shareScript = `
local known = redis.call('GET', KEYS[1])
if known and known ~= ARGV[1] then return known end
redis.call('SET', KEYS[1], ARGV[1])
local added = 0
for i = 2, #ARGV do added = added + redis.call('SADD', KEYS[2], ARGV[i]) end
if added == 0 then return '' end
for _, name in ipairs(redis.call('SMEMBERS', KEYS[3])) do
  if string.sub(name, 1, 10) == 'partition/' then redis.call('SREM', KEYS[3], name) end
end
return ''`;

/** Lease names of a slice and of a partition. */
export function sliceResource(slice: string): string {
  return `slice/${slice}`;
}

export function partitionResource(partition: number): string {
  return `partition/${partition}`;
}

/** Before the first `shareWork` of a node. `resources`: all slices and partitions it knows. */
export async function beginRound(
  redis: ClusterRedis,
  goneAfterMs: number,
  resources: readonly string[],
): Promise<void> {
  await reportMember(redis, undefined, goneAfterMs);
  await runScript(redis, beginScript, [redis.key("done"), redis.key("slices"), redis.key("seen")], resources);
}

/**
 * Makes the slices known and gives all of the work; called again and again, as the server may lose it. Throws
 * `cluster_of_other_config` (exit) when the others have another `fingerprint`.
 */
export async function shareWork(redis: ClusterRedis, fingerprint: string, slices: readonly string[]): Promise<Work> {
  const keys = [redis.key("fingerprint"), redis.key("slices"), redis.key("done")];
  const other = await runScript(redis, shareScript, keys, [fingerprint, ...slices]);
  if (other !== "") {
    const message = "The nodes of this cluster have another model, session rule, number of partitions or sink.";
    throw new TagsmithError("cluster_of_other_config", `${message} Use another cluster.name.`, "exit");
  }
  return readWork(redis);
}

export async function readWork(redis: ClusterRedis): Promise<Work> {
  const [slices, done] = await Promise.all([
    redis.call("SMEMBERS", [redis.key("slices")]),
    redis.call("SMEMBERS", [redis.key("done")]),
  ]);
  return { slices: textsOf(slices).sort(), done: new Set(textsOf(done)) };
}

const finishScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'fenced' end
redis.call('SADD', KEYS[2], ARGV[2])
return 'ok'`;

/** A slice was read to its end, or a partition has judged all there was. Throws `cluster_lease_lost`. */
export async function finishWork(redis: ClusterRedis, lease: HeldLease): Promise<void> {
  const { resource, owner } = lease;
  const keys = [leaseKey(redis, resource), redis.key("done")];
  checkAnswer(resource, await lease.guard(runScript(redis, finishScript, keys, [leaseValue(owner), resource])));
}

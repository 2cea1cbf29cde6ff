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
 * Where no node is, slices that the configuration does not name any more are forgotten, and how rules are asked. Where all work of a round was
 * done, a node that starts begins another round, for what has come since.
 */
const beginScript = `
if redis.call('ZCARD', KEYS[3]) == 0 then redis.call('DEL', KEYS[2], KEYS[4]) end
for i = 1, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then return 0 end
end
return redis.call('DEL', KEYS[1])`;

/** A slice that is new gives every partition something to wait for again. */
const shareScript = `
for i, key in ipairs({ KEYS[1], KEYS[4] }) do
  local known = redis.call('GET', key)
  if known and known ~= ARGV[i] then return key == KEYS[1] and 'config' or 'detect' end
  redis.call('SET', key, ARGV[i])
end
local added = 0
for i = 3, #ARGV do added = added + redis.call('SADD', KEYS[2], ARGV[i]) end
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

/** Noted as done when a partition has judged all there was, while its correlations may still wait for the others. */
export function judgedName(partition: string): string {
  return `${partition}/judged`;
}

/** Before the first `shareWork` of a node. `resources`: all slices and partitions it knows. */
export async function beginRound(
  redis: ClusterRedis,
  goneAfterMs: number,
  resources: readonly string[],
): Promise<void> {
  await reportMember(redis, undefined, goneAfterMs);
  const keys = ["done", "slices", "seen", "detect"].map((name) => redis.key(name));
  await runScript(redis, beginScript, keys, resources);
}

/** What the nodes of a cluster have in common. */
export interface Fingerprints {
  /** Never changes in a cluster of this name. */
  readonly config: string;
  /** How rules are asked; changes only while no node runs. */
  readonly detect: string;
}

/**
 * Makes the slices known and gives all of the work; called again and again, as the server may lose it. Throws
 * `cluster_of_other_config` (exit) when the others have other fingerprints.
 */
export async function shareWork(
  redis: ClusterRedis,
  { config, detect }: Fingerprints,
  slices: readonly string[],
): Promise<Work> {
  const keys = ["fingerprint", "slices", "done", "detect"].map((name) => redis.key(name));
  switch (await runScript(redis, shareScript, keys, [config, detect, ...slices])) {
    case "config": {
      const message = "The nodes of this cluster have another model, session rule, number of partitions or sink.";
      throw otherConfig(`${message} Use another cluster.name.`);
    }
    case "detect":
      throw otherConfig("The nodes of this cluster have other settings of detect. Stop all of them to change it.");
  }
  return readWork(redis);
}

function otherConfig(message: string): TagsmithError {
  return new TagsmithError("cluster_of_other_config", message, "exit");
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
if (redis.call('HGET', KEYS[3], 'step') or '0') ~= ARGV[3] then return 'behind' end
redis.call('SADD', KEYS[2], ARGV[2])
return 'ok'`;

/**
 * A slice was read to its end, or a partition has judged all there was, in so many steps. Throws `cluster_lease_lost`, and
 * `cluster_checkpoint_lost` where the last of them is not there any more.
 */
export async function finishWork(redis: ClusterRedis, lease: HeldLease, steps: number): Promise<void> {
  const { resource, owner } = lease;
  const keys = [leaseKey(redis, resource), redis.key("done"), checkpointKey(redis, resource)];
  const args = [leaseValue(owner), resource, steps];
  checkAnswer(resource, await lease.guard(runScript(redis, finishScript, keys, args)));
}

/** Where the last step of a slice or a partition is kept. */
export function checkpointKey(redis: ClusterRedis, resource: string): string {
  return redis.key("checkpoint", resource);
}

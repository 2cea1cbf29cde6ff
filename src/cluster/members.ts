import { type ClusterRedis, pairsOf, runScript } from "./cluster-redis.ts";

/** A node that takes part. */
export interface ClusterMember {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** Names the rules it asks; absent: none. */
  readonly rules?: string;
}

/** Says that a node is there, takes out who has been silent, and gives all the others; judged by the clock of Redis. */
const reportScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
return redis.call('HGETALL', KEYS[2])`;

const leaveScript = `
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])`;

/** Says that `member` is there, and gives all that were within `goneAfterMs`, by id. Without a member it only looks. */
export async function reportMember(
  redis: ClusterRedis,
  member: ClusterMember | undefined,
  goneAfterMs: number,
): Promise<readonly ClusterMember[]> {
  const args = [member?.id ?? "", member === undefined ? "" : JSON.stringify(member), goneAfterMs];
  const all = pairsOf(await runScript(redis, reportScript, keysOf(redis), args));
  return all.flatMap(([id, text]) => parseMember(id, text) ?? []).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A node leaves. */
export async function removeMember(redis: ClusterRedis, id: string): Promise<void> {
  await runScript(redis, leaveScript, keysOf(redis), [id]);
}

function keysOf(redis: ClusterRedis): string[] {
  return [redis.key("seen"), redis.key("nodes")];
}

function parseMember(id: string, text: string): ClusterMember | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const { host, pid, rules } = { host: "", pid: 0, rules: undefined, ...Object(value) };
    return { id, host: String(host), pid: Number(pid), ...(rules !== undefined && { rules: String(rules) }) };
  } catch {
    return undefined;
  }
}

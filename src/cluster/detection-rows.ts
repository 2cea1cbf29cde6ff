import type { ClusterRedis } from "./cluster-redis.ts";

/** What a step changes of what its owner's rules remember: rows behind those there are, or in their place. */
export interface DetectionRows {
  readonly replace: boolean;
  readonly append: readonly string[];
}

/** Where they are kept. */
export function detectionKey(redis: ClusterRedis, resource: string): string {
  return redis.key("detection", resource);
}

/** As arguments of `storeRows`. */
export function rowArgs(rows: DetectionRows = { replace: false, append: [] }): (string | number)[] {
  return [rows.replace ? 1 : 0, rows.append.length, ...rows.append];
}

/** Lua: a function that stores the rows of the arguments from `at` on under `key`, and gives the next argument's place. */
export const storeRows = `
local function storeRows(key, at)
  if ARGV[at] == '1' then redis.call('DEL', key) end
  local last = at + 1 + tonumber(ARGV[at + 1])
  for i = at + 2, last do redis.call('RPUSH', key, ARGV[i]) end
  return last + 1
end`;

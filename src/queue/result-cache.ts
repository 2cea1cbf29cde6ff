import type { RedisConnection } from "./redis-connection.ts";

/** Results by digest, shared by all producers and workers of one version. */
export interface ResultCache {
  /** What is held of each digest. */
  find(digests: readonly string[]): Promise<readonly (string | undefined)[]>;
  store(digests: readonly string[], values: readonly string[]): Promise<void>;
  /** Gives all memory back, also of a server that is full. */
  drop(): Promise<void>;
}

const keptSecs = 30 * 86_400;
const maxFields = 1_024;
const lookEveryMs = 1_000;

/** Starts the next generation; by two callers at once only once. */
const rotation = `if redis.call('HLEN', KEYS[1]) < tonumber(ARGV[1]) then return 0 end
redis.call('UNLINK', KEYS[2])
redis.call('RENAME', KEYS[1], KEYS[2])
return 1`;

/**
 * A cache of at most `maxEntries` in two hashes: new and used entries are in the young one; when it holds half of
 * `maxEntries`, it becomes the old one, and the old one is dropped. That needs no eviction policy of the server.
 * `maxEntries` 0 caches nothing. `now` is monotonic milliseconds.
 */
export function createResultCache(
  connection: RedisConnection,
  version: string,
  maxEntries: number,
  now: () => number,
): ResultCache {
  const young = connection.key("cache", version, "young");
  const old = connection.key("cache", version, "old");
  const half = Math.ceil(maxEntries / 2);
  let hasOld = true;
  let lookedMs = Number.NEGATIVE_INFINITY;

  /** Most caches never fill their first generation, and a look at the second costs as much as one at the first. */
  const isOldThere = async (): Promise<boolean> => {
    if (now() - lookedMs < lookEveryMs) return hasOld;
    lookedMs = now();
    hasOld = Number(await connection.call("EXISTS", [old])) > 0;
    return hasOld;
  };

  const lookUp = async (key: string, digests: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for (let start = 0; start < digests.length; start += maxFields) {
      const answer = await connection.call("HMGET", [key, ...digests.slice(start, start + maxFields)]);
      const values: readonly unknown[] = Array.isArray(answer) ? answer : [];
      for (const value of values) found.push(typeof value === "string" ? value : undefined);
    }
    return found;
  };
  const store = async (digests: readonly string[], values: readonly string[]): Promise<void> => {
    if (maxEntries === 0 || digests.length === 0) return;
    const pairs = digests.flatMap((digest, row) => [digest, values[row] ?? ""]);
    const [, , size] = await Promise.all([
      connection.call("HSET", [young, ...pairs]),
      connection.call("EXPIRE", [young, keptSecs]),
      connection.call("HLEN", [young]),
    ]);
    if (Number(size) >= half) await connection.call("EVAL", [rotation, 2, young, old, half]);
  };
  return {
    store,
    async find(digests) {
      if (maxEntries === 0) return digests.map(() => undefined);
      const found = [...(await lookUp(young, digests))];
      const rows = [...found.keys()].filter((row) => found[row] === undefined);
      if (rows.length === 0 || !(await isOldThere())) return found;
      const older = await lookUp(
        old,
        rows.map((row) => digests[row] ?? ""),
      );
      const used = rows.filter((_, place) => older[place] !== undefined);
      for (const [place, row] of rows.entries()) found[row] = older[place];
      if (used.length > 0)
        await store(
          used.map((row) => digests[row] ?? ""),
          used.map((row) => found[row] ?? ""),
        );
      return found;
    },
    async drop() {
      await connection.call("UNLINK", [old, young]);
    },
  };
}

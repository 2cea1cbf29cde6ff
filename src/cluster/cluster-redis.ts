/** What the cluster needs of a connection to Redis; commands wait while the server is away. */
export interface ClusterRedis {
  call(command: string, args: readonly (string | number)[]): Promise<unknown>;
  key(...parts: readonly string[]): string;
}

/** Runs a Lua script, which sees and changes all its keys at one moment. */
export function runScript(
  redis: ClusterRedis,
  script: string,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  return redis.call("EVAL", [script, keys.length, ...keys, ...args]);
}

/** A reply that is a list, as texts; empty for any other. */
export function textsOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}

/** Pairs of a flat list: names and values of a hash, members and scores. */
export function pairsOf(reply: unknown): (readonly [string, string])[] {
  const texts = textsOf(reply);
  return texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? ""] as const] : []));
}

import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { type RunningRedis, startRedis } from "./start-redis.ts";

const slots = 16_384;

/** Three primaries on loopback that share the slots; no replicas. */
export interface RedisCluster {
  /** Of a node that knows the others. */
  readonly url: string;
  /** Keys on each node. */
  sizes(): Promise<readonly number[]>;
  stop(): Promise<void>;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all(
    [0, 1, 2].map(() => startRedis({ config: ["cluster-enabled yes", "cluster-announce-ip 127.0.0.1"] })),
  );
  const ask = async (node: RunningRedis, command: string, args: readonly (string | number)[]): Promise<unknown> => {
    const connection = await connectRedis({ url: node.url, isCluster: false, keyPrefix: "x" }, () => undefined);
    try {
      return await connection.call(command, args);
    } finally {
      await connection.close();
    }
  };
  const [first] = nodes;
  for (const [n, node] of nodes.entries()) {
    const [from, to] = [Math.floor((slots * n) / 3), Math.floor((slots * (n + 1)) / 3)];
    await ask(node, "CLUSTER", ["ADDSLOTS", ...Array.from({ length: to - from }, (_, slot) => from + slot)]);
    if (node !== first) await ask(node, "CLUSTER", ["MEET", "127.0.0.1", first?.port ?? 0]);
  }
  for (const node of nodes) {
    while (!String(await ask(node, "CLUSTER", ["INFO"])).includes("cluster_state:ok")) await sleep(50);
  }
  return {
    url: first?.url ?? "",
    sizes: () => Promise.all(nodes.map(async (node) => Number(await ask(node, "DBSIZE", [])))),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import { connectRedis } from "../../src/queue/redis-connection.ts";
import { type RunningRedis, startRedis } from "./start-redis.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

/** A primary, a replica and three sentinels on loopback. */
export interface WatchedRedis {
  /** Name of the group. */
  readonly name: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly primary: RunningRedis;
  readonly replica: RunningRedis;
  /** From now on the replica lags so far behind: what the primary acknowledges then is lost when it fails. */
  lag(ms: number): void;
  /** Bytes that the replica has not got yet. */
  behind(): Promise<number>;
  /** Port of the primary, as two of the sentinels see it. */
  primaryPort(): Promise<number>;
  stop(): Promise<void>;
}

const name = "main";

/** Starts them; a primary that is silent for `downAfterMs` is replaced. */
export async function startSentinels(downAfterMs: number): Promise<WatchedRedis> {
  const primary = await startRedis({ config: ["repl-diskless-sync-delay 0"] });
  const proxy = await startTcpProxy(primary.port);
  const replica = await startRedis({ config: [`replicaof 127.0.0.1 ${proxy.port}`] });
  const sentinels = await Promise.all(
    [1, 2, 3].map(() =>
      startRedis({
        isSentinel: true,
        config: [
          `sentinel monitor ${name} 127.0.0.1 ${primary.port} 2`,
          `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
          `sentinel failover-timeout ${name} 3000`,
        ],
      }),
    ),
  );
  const replicationOf = async ({ url }: RunningRedis): Promise<string> => {
    const connection = await connectRedis({ url, isCluster: false, keyPrefix: "x" }, () => undefined);
    try {
      return String(await connection.call("INFO", ["replication"]));
    } finally {
      await connection.close();
    }
  };
  const offsetOf = async (server: RunningRedis): Promise<number> =>
    Number(/master_repl_offset:(\d+)/.exec(await replicationOf(server))?.[1]);
  const ask = async <T>({ url }: RunningRedis, args: readonly string[], read: (reply: unknown) => T): Promise<T> => {
    const connection = await connectRedis({ url, isCluster: false, keyPrefix: "x" }, () => undefined);
    try {
      return read(await connection.call("SENTINEL", args));
    } finally {
      await connection.close();
    }
  };
  const portOf = (sentinel: RunningRedis): Promise<number> =>
    ask(sentinel, ["get-master-addr-by-name", name], (reply) => Number(Object(reply)[1]));
  const knows = async (sentinel: RunningRedis): Promise<boolean> => {
    const replicas = await ask(sentinel, ["replicas", name], String);
    const others = await ask(sentinel, ["sentinels", name], (reply) => (Array.isArray(reply) ? reply.length : 0));
    return replicas.includes(String(replica.port)) && !replicas.includes("s_down") && others === 2;
  };
  while (!(await replicationOf(replica)).includes("master_link_status:up")) await sleep(100);
  for (const sentinel of sentinels) while (!(await knows(sentinel))) await sleep(100);
  return {
    name,
    hosts: sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
    primary,
    replica,
    lag: (ms) => proxy.delay(ms),
    async behind() {
      const [sent, got] = await Promise.all([offsetOf(primary), offsetOf(replica)]);
      return sent - got;
    },
    async primaryPort() {
      const ports = await Promise.all(sentinels.map(portOf));
      return ports.find((port, place) => ports.indexOf(port) !== place) ?? 0;
    },
    async stop() {
      await proxy.close();
      await Promise.all([...sentinels, replica, primary].map((server) => server.stop()));
    },
  };
}

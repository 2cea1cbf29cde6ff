import { type ConnectionOptions, connect } from "node:tls";
import type { Cluster, Redis, RedisOptions } from "ioredis";
import type { TagsmithError } from "../event/tagsmith-error.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";

/** Where the queue's Redis is and how to speak to it. */
export interface RedisSettings {
  /** `redis://host:port/db`, or `rediss://` for TLS. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM text of the authority that signed the server's certificate; the system's own when left out. */
  readonly ca?: string | undefined;
  readonly isCluster: boolean;
  /** Who knows where the primary is; the address in `url` is not used then. */
  readonly sentinels?: SentinelSettings | undefined;
  /** Begins all keys, in braces: one slot of a cluster holds them all. */
  readonly keyPrefix: string;
}

/** Sentinels of a group of servers. */
export interface SentinelSettings {
  /** Of the group. */
  readonly name: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** Whether the sentinels, too, are asked over TLS, with the authority of the servers; default false. */
  readonly isTls?: boolean | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** One connection to Redis; it reconnects by itself, and commands given meanwhile wait. */
export interface RedisConnection {
  /** For BullMQ. */
  readonly client: Redis | Cluster;
  /** What BullMQ puts before its keys. */
  readonly prefix: string;
  key(...parts: readonly string[]): string;
  call(command: string, args: readonly (string | number)[]): Promise<unknown>;
  /** Rises when a connection ends: another server may answer from then on, one that has less than the last one said. */
  breaks(): number;
  /** Another connection of the same settings, for commands that block. */
  another(): Promise<RedisConnection>;
  /** May be called twice; what is still unanswered is given up. */
  close(): Promise<void>;
}

/** How long a command that only looks waits for Redis. */
export const lookWithinMs = 10_000;
const startWithinMs = 20_000;
const maxReconnectMs = 2_000;
/** A command that gets no answer for so long means a dead connection; blocking commands wait for less. */
const silentMs = 15_000;
/** A sentinel that does not answer within this time is passed over. */
const sentinelSilentMs = 2_000;

/**
 * Connects, and waits for the first answer. Throws `queue_redis_*` (exit) when the server refuses us, or cannot be
 * reached within `withinMs`. Later trouble goes to `onTrouble` while commands wait for the connection to come back.
 */
export async function connectRedis(
  settings: RedisSettings,
  onTrouble: TroubleListener,
  withinMs = startWithinMs,
): Promise<RedisConnection> {
  const client = await createClient(settings);
  try {
    await Promise.race([firstAnswer(client, withinMs), distrustOf(settings)]);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  client.on("error", (error: unknown) => onTrouble(redisError(error)));
  let breaks = 0;
  for (const event of ["close", "+node", "-node"]) {
    client.on(event, () => {
      breaks += 1;
    });
  }
  const prefix = `{${settings.keyPrefix}}`;
  return {
    client,
    prefix,
    key: (...parts) => [prefix, ...parts].join(":"),
    call: async (command, args) => {
      try {
        return await client.call(command, [...args]);
      } catch (error) {
        throw redisError(error);
      }
    },
    breaks: () => breaks,
    another: () => connectRedis(settings, onTrouble),
    close: async () => client.disconnect(),
  };
}

async function createClient(settings: RedisSettings): Promise<Redis | Cluster> {
  // The package is CommonJS and is not loaded where no Redis is used.
  const { Redis, Cluster } = await import("ioredis");
  const options = optionsOf(settings);
  const { hostname: host, port: givenPort, pathname } = new URL(settings.url);
  const port = Number(givenPort === "" ? 6379 : givenPort);
  const db = Number(pathname.slice(1));
  if (settings.isCluster) return new Cluster([{ host, port }], { clusterRetryStrategy: waitMs, redisOptions: options });
  const { sentinels } = settings;
  if (sentinels === undefined) return new Redis({ ...options, host, port, db, retryStrategy: waitMs });
  return new Redis({ ...options, ...sentinelOptions(sentinels, settings.ca), db, retryStrategy: waitMs });
}

function sentinelOptions({ name, hosts, isTls, username, password }: SentinelSettings, ca?: string) {
  return {
    name,
    sentinels: [...hosts],
    failoverDetector: false,
    sentinelCommandTimeout: sentinelSilentMs,
    sentinelRetryStrategy: waitMs,
    // Else the client speaks to the primary that it is told of in plain text, whatever `tls` says.
    enableTLSForSentinelMode: true,
    ...(isTls === true && { sentinelTLS: tlsOptions(ca) }),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
  };
}

/** Rejects when no sentinel's certificate is taken: the client only says that its connections are closed. */
function distrustOf({ sentinels, ca }: RedisSettings): Promise<void> {
  return new Promise((_, reject) => {
    if (sentinels?.isTls !== true) return;
    const greetings = sentinels.hosts.map((address) => greet({ ...address, ...tlsOptions(ca) }));
    void Promise.all(greetings).then((errors) => {
      const [first, ...others] = errors.map((error) => redisError(error));
      const isDistrusted = ({ code }: TagsmithError): boolean => code === "queue_redis_tls_failed";
      if (first !== undefined && [first, ...others].every(isDistrusted)) reject(first);
    });
  });
}

/** What goes wrong when a TLS connection is opened; undefined if nothing does. */
function greet(options: ConnectionOptions): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect({ ...options, timeout: sentinelSilentMs });
    const end = (error?: unknown): void => {
      socket.destroy();
      resolve(error);
    };
    socket.once("secureConnect", () => end()).once("timeout", () => end());
    socket.on("error", end);
  });
}

function tlsOptions(ca: string | undefined): { readonly ca?: string } {
  return ca === undefined ? {} : { ca };
}

function optionsOf({ url, username, password, ca }: RedisSettings): Omit<RedisOptions, "replyMapping"> {
  const { username: urlUser, password: urlPassword } = new URL(url);
  return {
    maxRetriesPerRequest: null,
    enableReadyCheck: true,
    socketTimeout: silentMs,
    connectTimeout: 5_000,
    protocol: 2,
    // After a failover the old primary is still connected and read-only: ask again on a new connection.
    reconnectOnError: (error) => (/(^|: -)(READONLY|UNBLOCKED)/.test(error.message) ? 2 : false),
    ...((username ?? urlUser) !== "" && { username: username ?? decodeURIComponent(urlUser) }),
    ...((password ?? urlPassword) !== "" && { password: password ?? decodeURIComponent(urlPassword) }),
    ...(url.startsWith("rediss:") && { tls: tlsOptions(ca) }),
  };
}

function waitMs(attempt: number): number {
  return Math.min(maxReconnectMs, 50 * 2 ** Math.min(attempt, 10));
}

/** Resolves when the server takes commands. What waiting would not mend rejects at once. */
function firstAnswer(client: Redis | Cluster, withinMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last: unknown = new Error("no answer");
  const onError = (error: unknown): void => {
    last = error;
    const { remedy } = redisError(error);
    if (remedy === "exit") reject(redisError(error));
  };
  const timer = setTimeout(() => {
    const { message } = redisError(last);
    reject(redisError(last, "exit", `${message}, for ${withinMs / 1_000} s now`));
  }, withinMs);
  client.on("error", onError);
  client.once("ready", resolve);
  if (client.status === "ready") resolve();
  return promise.finally(() => {
    clearTimeout(timer);
    client.off("error", onError);
    client.off("ready", resolve);
    // A client that is given up still reports.
    client.on("error", () => undefined);
  });
}

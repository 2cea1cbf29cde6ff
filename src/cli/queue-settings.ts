import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config, WorkerConfig } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Artifact } from "../label/load-artifact.ts";
import type { RedisSettings, SentinelSettings } from "../queue/redis-connection.ts";
import { createSecrets, type Secrets } from "../sdk/secrets.ts";

type RedisConfig = NonNullable<NonNullable<Config["cluster"]>["redis"]>;

/** Where the queue's Redis is, secrets read. Throws `config_invalid` or `config_secret_missing`. */
export function redisSettings({ queue }: WorkerConfig): RedisSettings {
  return readRedis(queue, "queue");
}

/** As `redisSettings`, for the nodes of a cluster: a Redis of their own, or the queue's. */
export function clusterRedisSettings({ queue, cluster }: WorkerConfig): RedisSettings {
  return cluster?.redis === undefined ? readRedis(queue, "queue") : readRedis(cluster.redis, "cluster.redis");
}

function readRedis(redis: RedisConfig, option: string): RedisSettings {
  const secrets = createSecrets(process.env, option);
  const url = secrets.expand(redis.redis_url, "redis_url");
  if (!URL.canParse(url) || !/^rediss?:\/\/[^/]/.test(url)) {
    throw new TagsmithError(
      "config_invalid",
      `${option}.redis_url: expected redis://host:port or rediss://host:port`,
      "exit",
    );
  }
  return {
    url,
    username: redis.username,
    password: secrets.read("password", redis),
    ca: redis.ca_file === undefined ? undefined : secrets.readFile(redis.ca_file, "ca_file"),
    isCluster: redis.cluster,
    sentinels: redis.sentinel && readSentinels(redis.sentinel, secrets, url.startsWith("rediss:")),
    keyPrefix: redis.key_prefix,
  };
}

function readSentinels(
  sentinel: NonNullable<RedisConfig["sentinel"]>,
  secrets: Secrets,
  isTls: boolean,
): SentinelSettings {
  const { name, hosts, tls, username } = sentinel;
  const password = secrets.read("password", sentinel, "sentinel");
  return { name, hosts: hosts.map(hostOf), isTls: tls ?? isTls, username, password };
}

function hostOf(text: string): { readonly host: string; readonly port: number } {
  const [host = "", port = ""] = text.split(":");
  return { host, port: Number(port) };
}

/**
 * Names what a text's labels follow from: the files of the artifact, the tier and the number of labels. Results of two
 * processes with equal versions are equal, so they may share jobs and cached results.
 */
export function labelVersion({ directory, model }: Artifact, { label }: WorkerConfig, topK: number): string {
  const manifest = readFileSync(join(directory, "manifest.json"));
  const digest = createHash("sha256").update(manifest).digest("hex").slice(0, 8);
  return `${model}+${digest}.${label.tier}.top${topK}`;
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkerConfig } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Artifact } from "../label/load-artifact.ts";
import type { RedisSettings } from "../queue/redis-connection.ts";
import { expandVariables, readSecretFile } from "../sdk/read-secret.ts";

/** Where the queue's Redis is, secrets read. Throws `config_invalid` or `config_secret_missing`. */
export function redisSettings({ queue }: WorkerConfig): RedisSettings {
  const { env } = process;
  const url = expandVariables(queue.redis_url, "queue.redis_url", env);
  if (!URL.canParse(url) || !/^rediss?:\/\/[^/]/.test(url)) {
    throw new TagsmithError(
      "config_invalid",
      "queue.redis_url: expected redis://host:port or rediss://host:port",
      "exit",
    );
  }
  const { password, password_file: passwordFile, ca_file: caFile } = queue;
  const fromFile = passwordFile === undefined ? undefined : readSecretFile(passwordFile, "queue.password_file");
  return {
    url,
    username: queue.username,
    password: password === undefined ? fromFile : expandVariables(password, "queue.password", env),
    ca: caFile === undefined ? undefined : readSecretFile(caFile, "queue.ca_file"),
    isCluster: queue.cluster,
    sentinels: queue.sentinel && { name: queue.sentinel.name, hosts: queue.sentinel.hosts.map(hostOf) },
    keyPrefix: queue.key_prefix,
  };
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

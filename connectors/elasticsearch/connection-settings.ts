import { type Secrets, TagsmithError } from "#sdk";
import type { ElasticsearchConnectionConfig, OpenSearchConnectionConfig } from "./connection-config.ts";

/** How a request proves who sends it. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "api_key"; readonly apiKey: string }
  | { readonly kind: "bearer"; readonly token: string };

/** Connection settings with variables and files read. */
export interface ConnectionSettings {
  readonly urls: readonly string[];
  readonly credentials: Credentials;
  readonly proxy: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly compression: boolean;
}

type ConnectionConfig = ElasticsearchConnectionConfig | OpenSearchConnectionConfig;

/** Reads the variables and files that a connection names. Throws `config_invalid` or `config_secret_missing`. */
export function readConnection(config: ConnectionConfig, secrets: Secrets): ConnectionSettings {
  const expand = (text: string, option: string): string => secrets.expand(text, option);
  const cloudUrl =
    "cloud_id" in config && config.cloud_id !== undefined ? cloudUrlOf(expand(config.cloud_id, "cloud_id")) : undefined;
  if ((config.urls === undefined) === (cloudUrl === undefined)) throw invalid("give either urls or cloud_id");
  const urls = cloudUrl === undefined ? (config.urls ?? []).map((url) => expand(url, "urls")) : [cloudUrl];
  for (const url of urls) if (!URL.canParse(url)) throw invalid("urls: not an address");
  const headers = Object.entries(config.headers ?? {}).map(([name, value]) => [
    name,
    headerValue(expand(value, `headers.${name}`), `headers.${name}`),
  ]);
  return {
    urls,
    credentials: readCredentials(config, secrets),
    proxy: config.proxy === undefined ? undefined : expand(config.proxy, "proxy"),
    headers: Object.fromEntries(headers),
    timeoutMs: config.request_timeout_secs * 1_000,
    compression: config.compression,
  };
}

function readCredentials(config: ConnectionConfig, secrets: Secrets): Credentials {
  const apiKey = secrets.read("api_key", config);
  const token = secrets.read("bearer_token", config);
  const password = secrets.read("password", config);
  const isSigned = "aws" in config && config.aws !== undefined;
  const given = [apiKey, token, config.username, isSigned ? "" : undefined].filter((value) => value !== undefined);
  if (given.length > 1) throw invalid("give one of api_key, bearer_token, username with password, and aws");
  if ((config.username === undefined) !== (password === undefined))
    throw invalid("username and password are given together");
  if (apiKey !== undefined) return { kind: "api_key", apiKey: headerValue(encodeApiKey(apiKey), "api_key") };
  if (token !== undefined) return { kind: "bearer", token: headerValue(token, "bearer_token") };
  if (config.username === undefined || password === undefined) return { kind: "none" };
  return { kind: "basic", username: secrets.expand(config.username, "username"), password };
}

/** A secret with several lines would make the clients wait for ever. */
function headerValue(value: string, option: string): string {
  if (/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value)) return value;
  throw invalid(`${option}: holds a line break or a character that a header cannot have`);
}

/** The API key as it goes into the header; `id:key` is encoded. */
function encodeApiKey(apiKey: string): string {
  return apiKey.includes(":") ? Buffer.from(apiKey).toString("base64") : apiKey;
}

/** Address of Elasticsearch in a cloud id: `name:base64(host$es-id$kibana-id)`. */
function cloudUrlOf(cloudId: string): string {
  const encoded = cloudId.slice(cloudId.lastIndexOf(":") + 1);
  const [host = "", id = ""] = Buffer.from(encoded, "base64").toString("utf8").split("$");
  const [name = "", port = "443"] = host.split(":");
  if (!/^[\w.-]+$/.test(name) || !/^[\w.:-]+$/.test(id)) throw invalid("cloud_id: not a cloud id");
  const [node = "", ownPort] = id.split(":");
  return `https://${node}.${name}:${ownPort ?? port}`;
}

function invalid(message: string): TagsmithError {
  return new TagsmithError("config_invalid", message, "exit");
}

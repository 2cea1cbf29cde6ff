import type { Secrets } from "#sdk";
import type { ElasticsearchConnectionConfig } from "./connection-config.ts";
import { type ConnectionSettings, type Credentials, readConnection } from "./connection-settings.ts";
import { detectElasticsearch } from "./detect-server.ts";
import { elasticsearchDialect } from "./dialect.ts";
import { exactAnswer } from "./exact-answer.ts";
import { createHttp, paramsOf } from "./http-over-client.ts";
import type { SearchClient, SearchHttp } from "./search-http.ts";
import { loadTlsOptions, type TlsOptions } from "./tls-options.ts";

/**
 * Connects, and learns what server it is; each major version is spoken to by its own client. Throws SearchError:
 * `siem_wrong_product`, `siem_version_unsupported`, `siem_unauthorized`, `siem_tls_failed`, `siem_unreachable`.
 */
export async function openElasticsearch(
  config: ElasticsearchConnectionConfig,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<SearchClient> {
  const settings = readConnection(config, secrets);
  const tls = await loadTlsOptions(config.tls, settings.urls[0] ?? "", secrets, settings.timeoutMs);
  const eight = await connectEight(settings, tls);
  try {
    const server = await detectElasticsearch(eight, signal);
    const http = server.major === 8 ? eight : await connectNine(settings, tls);
    if (http !== eight) await eight.close();
    return { server, dialect: elasticsearchDialect, request: http.request, close: http.close };
  } catch (error) {
    await eight.close();
    throw error;
  }
}

async function connectEight(settings: ConnectionSettings, tls: TlsOptions): Promise<SearchHttp> {
  const { Client, HttpConnection, Serializer } = await import("@elastic/elasticsearch-8");
  class ExactSerializer extends Serializer {
    override deserialize<T = unknown>(json: string): T {
      return exactAnswer(json, (text) => super.deserialize<T>(text));
    }
  }
  const viaProxy = settings.proxy === undefined ? {} : { Connection: HttpConnection };
  const client = new Client({ ...optionsOf(settings, tls), ...viaProxy, Serializer: ExactSerializer });
  return createHttp({
    timeoutMs: settings.timeoutMs,
    send: async (call, signal, timeoutMs) => {
      const options = { meta: true, signal, requestTimeout: timeoutMs, maxRetries: 0 } as const;
      const answer = await client.transport.request(paramsOf(call), options);
      return { status: answer.statusCode, body: answer.body };
    },
    close: () => client.close(),
  });
}

async function connectNine(settings: ConnectionSettings, tls: TlsOptions): Promise<SearchHttp> {
  const { Client, HttpConnection, Serializer } = await import("@elastic/elasticsearch");
  class ExactSerializer extends Serializer {
    override deserialize<T = unknown>(json: string): T {
      return exactAnswer(json, (text) => super.deserialize<T>(text));
    }
  }
  const viaProxy = settings.proxy === undefined ? {} : { Connection: HttpConnection };
  const client = new Client({ ...optionsOf(settings, tls), ...viaProxy, Serializer: ExactSerializer });
  return createHttp({
    timeoutMs: settings.timeoutMs,
    send: async (call, signal, timeoutMs) => {
      const options = { meta: true, signal, requestTimeout: timeoutMs, maxRetries: 0 } as const;
      const answer = await client.transport.request(paramsOf(call), options);
      return { status: answer.statusCode, body: answer.body };
    },
    close: () => client.close(),
  });
}

function optionsOf(settings: ConnectionSettings, tls: TlsOptions) {
  const { urls, proxy, headers, timeoutMs, compression } = settings;
  const auth = authOf(settings.credentials);
  return {
    nodes: [...urls],
    ...(auth !== undefined && { auth }),
    ...(proxy !== undefined && { proxy }),
    tls,
    headers: { ...headers },
    requestTimeout: timeoutMs,
    maxRetries: 0,
    compression,
    name: "tagsmith",
    enableMetaHeader: false,
    disablePrototypePoisoningProtection: true,
  };
}

function authOf(credentials: Credentials) {
  switch (credentials.kind) {
    case "none":
      return undefined;
    case "basic":
      return { username: credentials.username, password: credentials.password };
    case "api_key":
      return { apiKey: credentials.apiKey };
    case "bearer":
      return { bearer: credentials.token };
  }
}

import type { Client, ClientOptions } from "@opensearch-project/opensearch";
import type { Secrets } from "#sdk";
import type { OpenSearchConnectionConfig } from "../elasticsearch/connection-config.ts";
import { type ConnectionSettings, readConnection } from "../elasticsearch/connection-settings.ts";
import { detectOpenSearch } from "../elasticsearch/detect-server.ts";
import { exactAnswer } from "../elasticsearch/exact-answer.ts";
import { createHttp, paramsOf } from "../elasticsearch/http-over-client.ts";
import type { SearchClient, SearchHttp } from "../elasticsearch/search-http.ts";
import { loadTlsOptions, type TlsOptions } from "../elasticsearch/tls-options.ts";
import { openAwsKeys } from "./aws-credentials.ts";
import { openSearchDialect } from "./dialect.ts";
import { quietConnection } from "./quiet-connection.ts";

/**
 * Connects, and learns what server it is. Throws SearchError: `siem_wrong_product`, `siem_version_unsupported`,
 * `siem_unauthorized`, `siem_tls_failed`, `siem_unreachable`, `siem_aws_keys_missing`.
 */
export async function openOpenSearch(
  config: OpenSearchConnectionConfig,
  secrets: Secrets,
  signal: AbortSignal,
): Promise<SearchClient> {
  const settings = readConnection(config, secrets);
  const tls = await loadTlsOptions(config.tls, settings.urls[0] ?? "", secrets, settings.timeoutMs);
  const http = await connect(settings, tls, await signingOf(config, secrets));
  try {
    const server = await detectOpenSearch(http, config.aws?.service === "aoss", signal);
    return { server, dialect: openSearchDialect(server), request: http.request, close: http.close };
  } catch (error) {
    await http.close();
    throw error;
  }
}

async function signingOf(
  config: OpenSearchConnectionConfig,
  secrets: Secrets,
): Promise<Pick<ClientOptions, "Connection" | "Transport">> {
  const { aws } = config;
  if (aws === undefined) return {};
  const { AwsSigv4Signer } = await import("@opensearch-project/opensearch/aws");
  const getCredentials = await openAwsKeys(aws, secrets, () => Date.now());
  const { Connection, Transport } = AwsSigv4Signer({ region: aws.region, service: aws.service, getCredentials });
  return { Connection, Transport };
}

async function connect(
  settings: ConnectionSettings,
  tls: TlsOptions,
  signing: Pick<ClientOptions, "Connection" | "Transport">,
): Promise<SearchHttp> {
  const opensearch = await import("@opensearch-project/opensearch");
  const Connection = quietConnection(signing.Connection ?? opensearch.Connection);
  class ExactSerializer extends opensearch.Serializer {
    override deserialize(json: string) {
      return exactAnswer(json, (text) => super.deserialize(text));
    }
  }
  const options = { ...optionsOf(settings, tls), ...signing, Connection, Serializer: ExactSerializer };
  const client: Client = new opensearch.Client(options);
  return createHttp({
    timeoutMs: settings.timeoutMs,
    send: async (call, signal, timeoutMs) => {
      const sent = client.transport.request(paramsOf(call), { requestTimeout: timeoutMs, maxRetries: 0 });
      const stopped = Promise.withResolvers<never>();
      const abort = (): void => {
        sent.abort();
        // A client that still waits for keys to sign with takes no notice.
        stopped.reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      try {
        const answer = await Promise.race([sent, stopped.promise]);
        return { status: answer.statusCode ?? 0, body: answer.body };
      } finally {
        signal.removeEventListener("abort", abort);
      }
    },
    close: () => client.close(),
  });
}

function optionsOf(
  { urls, credentials, proxy, headers, timeoutMs, compression }: ConnectionSettings,
  tls: TlsOptions,
): ClientOptions {
  const isBasic = credentials.kind === "basic";
  const bearer = credentials.kind === "bearer" ? { authorization: `Bearer ${credentials.token}` } : {};
  return {
    nodes: [...urls],
    ...(isBasic && { auth: { username: credentials.username, password: credentials.password } }),
    ...(proxy !== undefined && { proxy }),
    ssl: tls,
    headers: { ...headers, ...bearer },
    requestTimeout: timeoutMs,
    maxRetries: 0,
    ...(compression && { compression: "gzip" as const }),
    name: "tagsmith",
    enableMetaHeader: false,
    disablePrototypePoisoningProtection: true,
  };
}

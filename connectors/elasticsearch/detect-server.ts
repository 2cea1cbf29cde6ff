import type { Remedy } from "#sdk";
import { errorOfAnswer, fieldOf, reasonOf } from "./classify-error.ts";
import { SearchError } from "./search-error.ts";
import type { Call, SearchHttp, Server } from "./search-http.ts";

const wrongProduct = { code: "siem_wrong_product", remedy: "exit" } satisfies { code: string; remedy: Remedy };
const unsupported = { code: "siem_version_unsupported", remedy: "exit" } satisfies { code: string; remedy: Remedy };

/** Asks what server this is; throws `siem_wrong_product` or `siem_version_unsupported` when it is not Elasticsearch 8 or 9. */
export async function detectElasticsearch(http: SearchHttp, signal: AbortSignal): Promise<Server> {
  const server = await askServer(http, signal);
  if (server.product !== "elasticsearch") {
    throw new SearchError(
      wrongProduct,
      `This is OpenSearch ${server.version}, not Elasticsearch. Use \`type: opensearch\`.`,
    );
  }
  if (server.isServerless || server.major === 8 || server.major === 9) return server;
  throw new SearchError(unsupported, `Elasticsearch ${server.version} is not supported. Versions 8 and 9 are.`);
}

/** The same for OpenSearch from 2.4 on; Amazon's serverless collections do not say what they are. */
export async function detectOpenSearch(http: SearchHttp, isServerless: boolean, signal: AbortSignal): Promise<Server> {
  if (isServerless) {
    return { product: "opensearch", version: "serverless", major: 2, minor: 0, isServerless, clusterName: "" };
  }
  const server = await askServer(http, signal);
  if (server.product !== "opensearch") {
    throw new SearchError(
      wrongProduct,
      `This is Elasticsearch ${server.version}, not OpenSearch. Use \`type: elasticsearch\`.`,
    );
  }
  const isSupported = server.major === 3 || (server.major === 2 && server.minor >= 4);
  if (isSupported) return server;
  throw new SearchError(unsupported, `OpenSearch ${server.version} is not supported. Versions from 2.4 to 3 are.`);
}

async function askServer(http: SearchHttp, signal: AbortSignal): Promise<Server> {
  const call = { method: "GET", path: "/", accept: [403] } as const;
  const { status, body } = await http.request(call, signal);
  if (status === 403) return guessServer(body, call);
  const about = fieldOf(body, "version");
  const version = fieldOf(about, "number");
  if (typeof version !== "string") {
    throw new SearchError(
      wrongProduct,
      "GET / was answered by something that is neither Elasticsearch nor OpenSearch. Check the address.",
    );
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const clusterName = fieldOf(body, "cluster_name");
  return {
    product: fieldOf(about, "distribution") === "opensearch" ? "opensearch" : "elasticsearch",
    version,
    major,
    minor,
    isServerless: fieldOf(about, "build_flavor") === "serverless",
    clusterName: typeof clusterName === "string" ? clusterName : "",
  };
}

/**
 * A key that may only read is not told the version: then what both of its majors understand is spoken. The products word
 * a refusal differently.
 */
function guessServer(body: unknown, { method, path }: Pick<Call, "method" | "path">): Server {
  const { reason } = reasonOf(body);
  const isElasticsearch = /is unauthorized for /.test(reason);
  if (!isElasticsearch && !/^no permissions for /.test(reason)) throw errorOfAnswer(`${method} ${path}`, 403, body, {});
  const about = { version: "of unknown version", minor: 4, isServerless: false, clusterName: "" };
  return isElasticsearch
    ? { product: "elasticsearch", major: 8, ...about }
    : { product: "opensearch", major: 2, ...about };
}

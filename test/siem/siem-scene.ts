import { afterAll, beforeAll, describe, it } from "vitest";
import {
  elasticsearchConnectionSchema,
  openSearchConnectionSchema,
} from "../../connectors/elasticsearch/connection-config.ts";
import { openElasticsearch } from "../../connectors/elasticsearch/open-client.ts";
import type { Call, SearchClient } from "../../connectors/elasticsearch/search-http.ts";
import { openOpenSearch } from "../../connectors/opensearch/open-client.ts";
import { createSecrets } from "../../src/sdk/secrets.ts";
import { missingTools } from "../servers/missing-tools.ts";
import type { ServerVersion } from "../servers/server-version.ts";
import { type RunningServer, type StartOptions, startServer } from "../servers/start-server.ts";

export type Settings = Readonly<Record<string, unknown>>;

/** A real server for one test file, with what tests do to it. */
export interface SiemScene {
  readonly server: RunningServer;
  readonly client: SearchClient;
  /** Connects with other settings than the scene's own. */
  connect(settings: Settings): Promise<SearchClient>;
  /** Sends one request and gives its answer; error statuses are thrown unless accepted. */
  ask(call: Call): Promise<unknown>;
  /** Writes documents, and makes them visible. Ids come from `_id` in them. */
  write(index: string, documents: readonly Settings[]): Promise<void>;
  /** PEM file of the authority behind the server's certificate, where it has one. */
  readonly caFile: string | undefined;
  /** A name no other test uses. */
  freshName(prefix: string): string;
}

const never = new AbortController().signal;
const startWithinMs = 600_000;

/**
 * Tests on a real server, which is started before the first and stopped after the last. Where the machine lacks what that
 * needs they are left out, and the reason is in their name; never where CI is set.
 */
export function describeServer(
  version: ServerVersion,
  define: (scene: SiemScene) => void,
  secure?: () => { readonly options: StartOptions; readonly settings: Settings },
): void {
  const missing = missingTools(version, secure !== undefined);
  const name = `${version.product} ${version.version}`;
  if (missing !== undefined && process.env["CI"] === undefined) {
    describe.skip(`${name}: needs ${missing}`, () => it("is left out", () => undefined));
    return;
  }
  describe(name, () => {
    const { options, settings } = secure?.() ?? {};
    define(useServer(version, options, settings));
  });
}

/** The scene is whole once the tests run. */
export function useServer(version: ServerVersion, options: StartOptions = {}, settings: Settings = {}): SiemScene {
  const tls = settings["tls"];
  const caFile = typeof tls === "object" && tls !== null ? String(Reflect.get(tls, "ca_file")) : undefined;
  let server: RunningServer | undefined;
  let client: SearchClient | undefined;
  let names = 0;
  const running = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error("the server is not started yet");
    return part;
  };
  beforeAll(async () => {
    server = await startServer(version, options);
    client = await connectTo(version, { urls: [server.url], ...settings });
  }, startWithinMs);
  afterAll(async () => {
    await client?.close();
    await server?.stop();
  }, 120_000);
  const scene: SiemScene = {
    caFile,
    get server() {
      return running(server);
    },
    get client() {
      return running(client);
    },
    connect: (own) => connectTo(version, { urls: [running(server).url], ...own }),
    ask: async (call) => (await running(client).request(call, never)).body,
    write: async (index, documents) => {
      const lines = documents.flatMap(({ _id, ...document }) => [
        JSON.stringify({ create: { _index: index, ...(_id === undefined ? {} : { _id }) } }),
        JSON.stringify(document),
      ]);
      const ndjson = `${lines.join("\n")}\n`;
      const answer = await scene.ask({ method: "POST", path: "/_bulk", query: { refresh: true }, ndjson });
      if (JSON.stringify(answer).includes('"errors":true')) throw new Error(JSON.stringify(answer).slice(0, 500));
    },
    freshName: (prefix) => {
      names += 1;
      return `${prefix}-${process.pid}-${names}`;
    },
  };
  return scene;
}

function connectTo(version: ServerVersion, settings: Settings): Promise<SearchClient> {
  if (version.product === "elasticsearch") {
    return openElasticsearch(
      elasticsearchConnectionSchema.parse(settings),
      createSecrets(process.env, "source"),
      never,
    );
  }
  return openOpenSearch(openSearchConnectionSchema.parse(settings), createSecrets(process.env, "source"), never);
}

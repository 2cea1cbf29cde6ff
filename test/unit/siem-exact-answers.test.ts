import { afterEach, describe, expect, it } from "vitest";
import {
  elasticsearchConnectionSchema,
  openSearchConnectionSchema,
} from "../../connectors/elasticsearch/connection-config.ts";
import { openElasticsearch } from "../../connectors/elasticsearch/open-client.ts";
import { searchPage } from "../../connectors/elasticsearch/search-page.ts";
import { toRecords } from "../../connectors/elasticsearch/to-records.ts";
import { openOpenSearch } from "../../connectors/opensearch/open-client.ts";
import { createSecrets } from "../../src/sdk/secrets.ts";
import { type Answered, elasticsearchAbout, openSearchAbout, startFakeServer } from "./siem-fake-server.ts";

const never = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const clients = [
  { name: "the client of Elasticsearch 8", about: elasticsearchAbout("8.19.21"), product: "elasticsearch" },
  { name: "the client of Elasticsearch 9", about: elasticsearchAbout("9.4.3"), product: "elasticsearch" },
  { name: "the client of OpenSearch", about: openSearchAbout("3.4.0"), product: "opensearch" },
] as const;

/** Text as a server sends it: no value of this language holds those digits. */
function answerOf(source: string, about: Answered): Answered {
  const hit = `{"_index":"logs-1","_id":"a","_seq_no":7,"sort":[1700000000000,1],"_source":${source}}`;
  const body = `{"took":1,"_shards":{"total":1,"failed":0},"hits":{"total":{"value":1},"hits":[${hit}]}}`;
  return { body, headers: { ...about.headers, "content-type": "application/json" } };
}

/** What a source would give of a document that the server holds as `source`. */
async function readThrough(client: (typeof clients)[number], source: string) {
  const server = await startFakeServer(({ path }) => (path === "/" ? client.about : answerOf(source, client.about)));
  closers.push(server.close);
  const settings = { urls: [server.url] };
  const opened =
    client.product === "elasticsearch"
      ? await openElasticsearch(elasticsearchConnectionSchema.parse(settings), createSecrets({}, "source"), never)
      : await openOpenSearch(openSearchConnectionSchema.parse(settings), createSecrets({}, "source"), never);
  closers.push(() => opened.close());
  const { hits } = await searchPage(opened, ["logs-1"], {}, never);
  return toRecords(hits);
}

describe.each(clients)("a document read by $name", (client) => {
  it("keeps every digit of ids beyond 2^53 and of times in nanoseconds", async () => {
    const source =
      '{"event":{"id":9223372036854775807},"ids":[-9007199254740993],"at":1700000000.123456789,"pid":4242}';
    const [record] = await readThrough(client, source);
    expect(record).toMatchObject({
      kind: "document",
      id: "a",
      document: {
        event: { id: "9223372036854775807" },
        ids: ["-9007199254740993"],
        at: "1700000000.123456789",
        pid: 4242,
      },
    });
  });

  it("is not lost for keys that are names of prototypes", async () => {
    const source = '{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}},"process":{"__proto__":"x","pid":5}}';
    const [record] = await readThrough(client, source);
    expect(record?.kind === "document" && JSON.stringify(record.document)).toBe(source);
  });

  it("that is cut off is an error that is tried again, and no document", async () => {
    await expect(readThrough(client, '{"process":')).rejects.toMatchObject({ remedy: "retry" });
  });
});

import { describe, expect, it } from "vitest";
import { type BulkItem, createItem, updateItem } from "../../connectors/elasticsearch/bulk-item.ts";
import { type BulkSettings, createBulkWriter } from "../../connectors/elasticsearch/bulk-writer.ts";
import { errorOfAnswer, errorOfFailure } from "../../connectors/elasticsearch/classify-error.ts";
import type { Answer, SearchHttp } from "../../connectors/elasticsearch/search-http.ts";
import type { Signals } from "../../src/sdk/index.ts";

const signal = new AbortController().signal;
const noneKnown = async (): Promise<ReadonlySet<BulkItem>> => new Set();

/** What a scripted server says to a request of these ids; undefined: takes all. */
type Script = (ids: readonly string[], request: number) => Answer | undefined;

/** A server that takes documents as its script lets it, and keeps count. */
function scriptedServer(script: Script) {
  const taken: string[] = [];
  const requests: (readonly string[])[] = [];
  const http: SearchHttp = {
    request: async ({ ndjson = "" }) => {
      const ids = [...ndjson.matchAll(/"_id":"([^"]+)"/g)].map(([, id = ""]) => id);
      requests.push(ids);
      const answer = script(ids, requests.length - 1);
      if (answer !== undefined) return answer;
      taken.push(...ids);
      return answerOf(ids.map(() => ({ status: 201, _index: "i-000001" })));
    },
    close: async () => undefined,
  };
  return { http, taken, requests };
}

function answerOf(items: readonly Record<string, unknown>[]): Answer {
  return { status: 200, body: { items: items.map((item) => ({ create: item })) } };
}

function rejection(status: number, type: string): Record<string, unknown> {
  return { status, error: { type, reason: "scripted" } };
}

const items = (count: number): BulkItem[] =>
  Array.from({ length: count }, (_, n) => createItem("i", `e${n}`, `e${n}`, `{"n":${n}}`));

function writerOn(http: SearchHttp, more: Partial<BulkSettings> = {}) {
  return createBulkWriter(http, {
    maxDocuments: 10,
    maxBytes: 1_000_000,
    maxRequests: 2,
    maxTries: 4,
    minWaitMs: 1,
    maxWaitMs: 4,
    refresh: "false",
    random: () => 0.5,
    ...more,
  });
}

const rateLimited = (): never => {
  throw errorOfAnswer("POST /_bulk", 429, { error: { type: "es_rejected_execution_exception", reason: "full" } }, {});
};

describe("when documents say they were ingested", () => {
  const ours = createItem("i", "a", "a", '{"event":{"kind":"enrichment"},"n":1}');
  const change = updateItem("theirs", "b", "b", { if_seq_no: 1, if_primary_term: 1 }, '{"doc":{"event":{"kind":"x"}}}');

  /** Sends both; the first answer is a refusal where `isBusy`. What was asked, in order. */
  async function sent(stampMs: BulkSettings["stampMs"], isBusy = false) {
    const asked: { readonly pipeline: unknown; readonly sources: readonly unknown[] }[] = [];
    const http: SearchHttp = {
      request: async ({ ndjson = "", query }) => {
        const lines = ndjson.trimEnd().split("\n");
        asked.push({
          pipeline: query?.["pipeline"],
          sources: lines.filter((_, n) => n % 2 === 1).map((line) => JSON.parse(line)),
        });
        if (isBusy && asked.length === 1) return rateLimited();
        return answerOf(lines.filter((_, n) => n % 2 === 1).map(() => ({ status: 201, _index: "i-000001" })));
      },
      close: async () => undefined,
    };
    await writerOn(http, { stampMs }).write([ours, change], noneKnown, signal);
    return asked;
  }

  it("is the time they are sent at, anew with each sending, past the server's pipeline; changes of others stay as they are", async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const asked = await sent(() => {
      nowMs += 1_000;
      return nowMs;
    }, true);
    const expected = (second: number) => ({
      pipeline: "_none",
      sources: [
        { event: { ingested: `2026-01-01T00:00:0${second}.000Z`, kind: "enrichment" }, n: 1 },
        { doc: { event: { kind: "x" } } },
      ],
    });
    expect(asked).toEqual([expected(1), expected(2)]);
  });

  it("is left to the server's pipeline where that is asked for", async () => {
    expect(await sent(undefined)).toEqual([
      { pipeline: undefined, sources: [{ event: { kind: "enrichment" }, n: 1 }, { doc: { event: { kind: "x" } } }] },
    ]);
  });
});

describe("the bulk writer", () => {
  it("sends documents again, alone, that the server could not take now, and all of them arrive once", async () => {
    const busy = new Set(["e3", "e7", "e15"]);
    const server = scriptedServer((ids) => {
      if (!ids.some((id) => busy.has(id))) return undefined;
      const refused = new Set(ids.filter((id) => busy.delete(id)));
      server.taken.push(...ids.filter((id) => !refused.has(id)));
      return answerOf(
        ids.map((id) =>
          refused.has(id) ? rejection(429, "es_rejected_execution_exception") : { status: 201, _index: "i" },
        ),
      );
    });
    const results = await writerOn(server.http).write(items(20), noneKnown, signal);
    expect(results.map(({ kind }) => kind)).toEqual(Array(20).fill("written"));
    expect(server.taken.toSorted()).toEqual(
      items(20)
        .map(({ id }) => id)
        .toSorted(),
    );
  });

  it("halves its requests when the server is short, and grows them again", async () => {
    const server = scriptedServer((ids) => (ids.length > 4 ? rateLimited() : undefined));
    const writer = writerOn(server.http, { maxRequests: 1 });
    await writer.write(items(40), noneKnown, signal);
    const sizes = server.requests.map(({ length }) => length);
    expect(sizes.slice(0, 3)).toEqual([10, 5, 2]);
    expect(Math.max(...sizes.slice(3))).toBeGreaterThan(2);
    expect(server.taken).toHaveLength(40);
  });

  it("splits what is too large, and refuses the one document that alone is", async () => {
    const server = scriptedServer((ids) => {
      if (ids.includes("e6")) throw errorOfAnswer("POST /_bulk", 413, "", {});
      return undefined;
    });
    const results = await writerOn(server.http).write(items(10), noneKnown, signal);
    expect(results.map(({ kind }) => kind)).toEqual([
      ...Array(6).fill("written"),
      "refused",
      ...Array(3).fill("written"),
    ]);
    expect(results[6]).toMatchObject({ code: "siem_request_too_large" });
  });

  it("takes an id that is there for done, and a document the server never takes for refused, with its reason", async () => {
    const server = scriptedServer((ids) =>
      answerOf(
        ids.map((id) =>
          id === "e0"
            ? rejection(409, "version_conflict_engine_exception")
            : rejection(400, "mapper_parsing_exception"),
        ),
      ),
    );
    const [first, second] = await writerOn(server.http).write(items(2), noneKnown, signal);
    expect(first).toEqual({ kind: "known" });
    expect(second).toMatchObject({ kind: "refused", reason: expect.stringContaining("scripted") });
    expect(server.requests).toHaveLength(1);
  });

  it("asks whether documents are there before it sends them again when no answer came", async () => {
    const server = scriptedServer((ids, request) => {
      if (request > 0) return undefined;
      server.taken.push(...ids.slice(0, 3));
      throw errorOfFailure("POST /_bulk", "ConnectionError", "socket hang up");
    });
    const asked: string[] = [];
    const results = await writerOn(server.http).write(
      items(5),
      async (some) => {
        asked.push(...some.map(({ id }) => id));
        return new Set(some.filter(({ id }) => server.taken.includes(id)));
      },
      signal,
    );
    expect(asked).toEqual(["e0", "e1", "e2", "e3", "e4"]);
    expect(server.requests[1]).toEqual(["e3", "e4"]);
    expect(results.map(({ kind }) => kind)).toEqual(["known", "known", "known", "written", "written"]);
  });

  it("does not believe an answer that is about another number of documents", async () => {
    const short = answerOf([{ status: 201 }]);
    const server = scriptedServer((_, request) => (request === 0 ? short : undefined));
    await writerOn(server.http).write(items(3), noneKnown, signal);
    expect(server.requests).toHaveLength(2);
  });

  it("gives up for the pipeline to say so when nothing helps, and at once when it never will", async () => {
    const busy = scriptedServer(rateLimited);
    await expect(writerOn(busy.http, { maxRequests: 1 }).write(items(3), noneKnown, signal)).rejects.toMatchObject({
      code: "siem_rate_limited",
      remedy: "retry",
    });
    expect(busy.requests).toHaveLength(4);
    const forbidden = scriptedServer((ids) => answerOf(ids.map(() => rejection(403, "security_exception"))));
    await expect(writerOn(forbidden.http).write(items(3), noneKnown, signal)).rejects.toMatchObject({ remedy: "exit" });
    expect(forbidden.requests).toHaveLength(1);
  });

  it("does not give up while it gets on", async () => {
    const server = scriptedServer((ids) => {
      server.taken.push(ids[0] ?? "");
      return answerOf(
        ids.map((_, at) =>
          at === 0 ? { status: 201, _index: "i" } : rejection(429, "es_rejected_execution_exception"),
        ),
      );
    });
    await writerOn(server.http, { maxRequests: 1 }).write(items(12), noneKnown, signal);
    expect(new Set(server.taken).size).toBe(12);
  });

  it("stops waiting when it is aborted", async () => {
    const stop = new AbortController();
    const server = scriptedServer(() => {
      setTimeout(() => stop.abort(new Error("stopped")), 5);
      return rateLimited();
    });
    const writing = writerOn(server.http, { minWaitMs: 60_000, maxWaitMs: 60_000 }).write(
      items(1),
      noneKnown,
      stop.signal,
    );
    await expect(writing).rejects.toThrow();
    expect(server.requests).toHaveLength(1);
  });

  it("keeps a request within its bounds and counts errors by kind", async () => {
    const counted = new Map<string, number>();
    const signals: Signals = {
      count: (name, kind, by = 1) => counted.set(`${name} ${kind}`, (counted.get(`${name} ${kind}`) ?? 0) + by),
    };
    const server = scriptedServer((_, request) => (request === 0 ? rateLimited() : undefined));
    const large = items(30).map((item) => ({ ...item, source: `{"n":"${"x".repeat(400)}"}` }));
    await writerOn(server.http, { maxBytes: 2_000, maxRequests: 1, signals }).write(large, noneKnown, signal);
    expect(Math.max(...server.requests.map(({ length }) => length))).toBeLessThanOrEqual(4);
    expect(server.taken).toHaveLength(30);
    expect([...counted]).toEqual([["sink_errors siem_rate_limited", 1]]);
  });
});

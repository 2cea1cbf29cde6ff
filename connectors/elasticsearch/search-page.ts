import type { Document } from "#sdk";
import { answerFault, fieldOf, listOf, reasonOf } from "./classify-error.ts";
import type { Json } from "./lane.ts";
import { SearchError } from "./search-error.ts";
import type { SearchHttp } from "./search-http.ts";

/** A document as a search gives it. */
export interface Hit {
  readonly index: string;
  readonly id: string;
  /** Its time in the lane that was searched. */
  readonly timeMs: number;
  /** Rises with each write to its shard; undefined where the index keeps none. */
  readonly seqNo: number | undefined;
  /** Undefined where the index keeps no sources. */
  readonly source: Document | undefined;
  /** Where the next page starts. */
  readonly sort: readonly unknown[];
}

/** What a search found. */
export interface Page {
  readonly hits: readonly Hit[];
  readonly total: number;
  /** Shards that were asked; 0: no index matches. */
  readonly shards: number;
  readonly tookMs: number;
  readonly viewId: string | undefined;
  readonly aggregations: unknown;
}

/** Where to search: names, or nothing when the body names a view. */
export type Target = readonly string[] | undefined;

/**
 * Searches, and takes no answer for whole that is not: throws SearchError `siem_shards_failed` (retry) when a shard or a
 * remote cluster did not answer, or the search ran out of time.
 */
export async function searchPage(http: SearchHttp, target: Target, body: Json, signal: AbortSignal): Promise<Page> {
  const path = target === undefined ? "/_search" : `/${target.map(encodeURIComponent).join(",")}/_search`;
  const query = { allow_partial_search_results: false, ...(target !== undefined && { ignore_unavailable: true }) };
  const { body: answer } = await http.request({ method: "POST", path, query, body }, signal);
  checkWhole(path, answer);
  const found = fieldOf(answer, "hits");
  const hits = fieldOf(found, "hits");
  if (!Array.isArray(hits)) throw answerFault(`POST ${path}`, "the answer holds no hits");
  const viewId = fieldOf(answer, "pit_id");
  return {
    hits: hits.map(toHit),
    total: numberOf(fieldOf(fieldOf(found, "total"), "value")) ?? 0,
    shards: numberOf(fieldOf(fieldOf(answer, "_shards"), "total")) ?? 0,
    tookMs: numberOf(fieldOf(answer, "took")) ?? 0,
    viewId: typeof viewId === "string" ? viewId : undefined,
    aggregations: fieldOf(answer, "aggregations"),
  };
}

function checkWhole(path: string, answer: unknown): void {
  const shards = fieldOf(answer, "_shards");
  const failed = numberOf(fieldOf(shards, "failed")) ?? 0;
  if (failed > 0) {
    const [first] = listOf(fieldOf(shards, "failures"));
    const { reason } = reasonOf({ error: fieldOf(first, "reason") });
    const where = fieldOf(first, "index");
    throw incomplete(`${path}: ${failed} shards failed, the first in ${String(where)}: ${reason}`);
  }
  if (fieldOf(answer, "timed_out") === true)
    throw incomplete(`${path}: the search ran out of the server's own time limit`);
  const clusters = fieldOf(answer, "_clusters");
  for (const state of ["skipped", "partial", "failed"]) {
    const count = numberOf(fieldOf(clusters, state)) ?? 0;
    if (count > 0) throw incomplete(`${path}: ${count} remote clusters were ${state}`);
  }
}

function incomplete(message: string): SearchError {
  const kind = { code: "siem_shards_failed", remedy: "retry" } as const;
  return new SearchError(kind, `${message}. Nothing is read until all answer, so that nothing is left out.`);
}

function toHit(hit: unknown): Hit {
  const sort = listOf(fieldOf(hit, "sort"));
  const source = fieldOf(hit, "_source");
  const seqNo = numberOf(fieldOf(hit, "_seq_no"));
  return {
    index: String(fieldOf(hit, "_index")),
    id: String(fieldOf(hit, "_id")),
    timeMs: Math.floor(Number(sort[0] ?? 0)),
    seqNo: seqNo !== undefined && seqNo >= 0 ? seqNo : undefined,
    source: isDocument(source) ? source : undefined,
    sort,
  };
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

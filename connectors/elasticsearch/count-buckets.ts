import { bucketMs } from "./bucket-ledger.ts";
import { fieldOf, listOf } from "./classify-error.ts";
import type { Json } from "./lane.ts";
import type { SearchHttp } from "./search-http.ts";
import { searchPage } from "./search-page.ts";

/** How many documents of a query the server holds of each minute by `field`, by the start of the minute. */
export async function countBuckets(
  http: SearchHttp,
  indices: readonly string[],
  field: string,
  query: Json,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const minutes = { date_histogram: { field, fixed_interval: `${bucketMs}ms`, min_doc_count: 1 } };
  const { aggregations } = await searchPage(http, indices, { size: 0, query, aggs: { minutes } }, signal);
  const buckets = listOf(fieldOf(fieldOf(aggregations, "minutes"), "buckets"));
  return new Map(buckets.map((bucket) => [Number(fieldOf(bucket, "key")), Number(fieldOf(bucket, "doc_count"))]));
}

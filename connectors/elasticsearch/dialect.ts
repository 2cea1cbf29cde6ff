import { fieldOf } from "./classify-error.ts";
import type { Dialect } from "./search-http.ts";

/** Elasticsearch 8 and 9. */
export const elasticsearchDialect: Dialect = {
  openView: (patterns, keepAlive) => ({
    method: "POST",
    path: `/${patterns.map(encodeURIComponent).join(",")}/_pit`,
    query: { keep_alive: keepAlive, ignore_unavailable: true },
  }),
  viewIdOf: (body) => {
    const id = fieldOf(body, "id");
    return typeof id === "string" ? id : undefined;
  },
  closeView: (id) => ({ method: "DELETE", path: "/_pit", body: { id }, accept: [404] }),
  tiebreak: "_shard_doc",
  timeFormat: { format: "epoch_millis" },
};

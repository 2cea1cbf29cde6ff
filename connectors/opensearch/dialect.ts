import { fieldOf } from "../elasticsearch/classify-error.ts";
import type { Dialect, Server } from "../elasticsearch/search-http.ts";

/** OpenSearch from 2.4 on; documents of equal time can be told apart since 3.3. */
export function openSearchDialect({ major, minor }: Server): Dialect {
  return {
    openView: (patterns, keepAlive) => ({
      method: "POST",
      path: `/${patterns.map(encodeURIComponent).join(",")}/_search/point_in_time`,
      query: { keep_alive: keepAlive, allow_partial_pit_creation: false, ignore_unavailable: true },
    }),
    viewIdOf: (body) => {
      const id = fieldOf(body, "pit_id");
      return typeof id === "string" ? id : undefined;
    },
    closeView: (id) => ({ method: "DELETE", path: "/_search/point_in_time", body: { pit_id: [id] }, accept: [404] }),
    tiebreak: major > 3 || (major === 3 && minor >= 3) ? "_shard_doc" : undefined,
    timeFormat: {},
  };
}

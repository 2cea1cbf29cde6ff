import type { JsonObject } from "./compile-mappings.ts";

const rolloverAge = "7d";
const rolloverSize = "25gb";

/** Index lifecycle management (Elasticsearch): a new backing index weekly or by size, deletion after `days`. */
export function ilmPolicy(days: number, meta: JsonObject): JsonObject {
  const rollover = { max_age: rolloverAge, max_primary_shard_size: rolloverSize };
  const phases = {
    hot: { min_age: "0ms", actions: { rollover } },
    delete: { min_age: `${days}d`, actions: { delete: {} } },
  };
  return { policy: { phases, _meta: meta } };
}

/** Index state management (OpenSearch): the same, attached to the data stream `name-*` by its own pattern. */
export function ismPolicy(name: string, days: number, version: number): JsonObject {
  const rollover = { min_index_age: rolloverAge, min_primary_shard_size: rolloverSize };
  const toDelete = { state_name: "delete", conditions: { min_index_age: `${days}d` } };
  return {
    policy: {
      description: `Rolls over and deletes after ${days} days. managed_by: tagsmith, version ${version}`,
      default_state: "hot",
      states: [
        { name: "hot", actions: [{ rollover }], transitions: [toDelete] },
        { name: "delete", actions: [{ delete: {} }], transitions: [] },
      ],
      ism_template: [{ index_patterns: [`${name}-*`], priority: 500 }],
    },
  };
}

import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SearchServer } from "../sdk/search-server.ts";
import type { ConnectorRegistry } from "./connector-registry.ts";
import type { ConnectionConfig } from "./init-options.ts";

/** Connects with the connector whose product answers; throws what the last one throws. */
export async function openAnyServer(
  connection: ConnectionConfig,
  registry: ConnectorRegistry,
  signal: AbortSignal,
): Promise<SearchServer> {
  let wrong: TagsmithError | undefined;
  for (const { openServer } of registry.values()) {
    if (openServer === undefined) continue;
    try {
      return await openServer(connection, "source", signal);
    } catch (error) {
      if (!(error instanceof TagsmithError) || error.code !== "siem_wrong_product") throw error;
      wrong = error;
    }
  }
  throw wrong ?? new TagsmithError("source_unknown", "no connector can speak to a search server.", "exit");
}

const counted = z.looseObject({ hits: z.looseObject({ total: z.looseObject({ value: z.int() }) }) });

/** Documents in indices that match the patterns; 0 where nothing does, or may be seen. */
export async function countDocuments(
  server: SearchServer,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const path = `/${indices.map(encodeURIComponent).join(",")}/_search`;
  const query = { ignore_unavailable: true, allow_no_indices: true };
  const body = { size: 0, track_total_hits: true };
  const answer = await server.request({ method: "POST", path, query, body, accept: [403, 404] }, signal);
  return counted.safeParse(answer.body).data?.hits.total.value ?? 0;
}

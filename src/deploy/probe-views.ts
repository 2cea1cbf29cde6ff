import { z } from "zod";
import type { SearchServer } from "../sdk/search-server.ts";

/** What can be done with the indices to read from. */
export interface ViewFacts {
  /** A view (point in time) can be opened: later writes do not disturb reading. */
  readonly hasViews: boolean;
  /** Documents of equal time can be told apart within a view (`_shard_doc`). */
  readonly hasTiebreak: boolean;
}

const opened = z.looseObject({ id: z.string().optional(), pit_id: z.string().optional() });
const refusals = [400, 403, 404, 405, 500] as const;

/** Opens a view of `indices` and closes it again; undefined where no index matches, or none may be read. */
export async function probeViews(
  server: SearchServer,
  indices: readonly string[],
  signal: AbortSignal,
): Promise<ViewFacts | undefined> {
  const isElastic = server.product === "elasticsearch";
  const names = indices.map(encodeURIComponent).join(",");
  const found = await server.request({ method: "GET", path: `/${names}/_count`, accept: refusals }, signal);
  if (found.status !== 200) return undefined;
  const path = isElastic ? `/${names}/_pit` : `/${names}/_search/point_in_time`;
  const query = { keep_alive: "10s", ignore_unavailable: true };
  const view = await server.request({ method: "POST", path, query, accept: refusals }, signal);
  const { id, pit_id } = opened.safeParse(view.body).data ?? {};
  const viewId = id ?? pit_id;
  if (view.status !== 200 || viewId === undefined) return { hasViews: false, hasTiebreak: false };
  const body = { size: 1, sort: [{ _shard_doc: "asc" }], pit: { id: viewId } };
  const sorted = await server.request({ method: "POST", path: "/_search", body, accept: refusals }, signal);
  const close = isElastic
    ? { path: "/_pit", body: { id: viewId } }
    : { path: "/_search/point_in_time", body: { pit_id: [viewId] } };
  await server.request({ method: "DELETE", ...close, accept: refusals }, signal);
  return { hasViews: true, hasTiebreak: sorted.status === 200 };
}

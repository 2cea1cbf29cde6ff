import { z } from "zod";
import type { SearchServer } from "../sdk/search-server.ts";
import { owner } from "./list-assets.ts";

/** A data stream or index that was made from our templates. */
export interface OwnIndex {
  readonly kind: "data_stream" | "index";
  readonly name: string;
}

const resolved = z.looseObject({
  data_streams: z.array(z.looseObject({ name: z.string() })).default([]),
  indices: z.array(z.looseObject({ name: z.string(), data_stream: z.string().optional() })).default([]),
});
const mappingsSchema = z.record(
  z.string(),
  z.looseObject({ mappings: z.looseObject({ _meta: z.looseObject({ managed_by: z.unknown() }).optional() }) }),
);

/** Data streams and indices that match `pattern` and carry our mark in their mapping. */
export async function findOwnIndices(
  server: SearchServer,
  pattern: string,
  signal: AbortSignal,
): Promise<readonly OwnIndex[]> {
  const request = { method: "GET", path: `/_resolve/index/${pattern}`, accept: [404] } as const;
  const { data_streams, indices } = resolved.parse((await server.request(request, signal)).body);
  const found: readonly OwnIndex[] = [
    ...data_streams.map(({ name }) => ({ kind: "data_stream" as const, name })),
    ...indices
      .filter(({ data_stream }) => data_stream === undefined)
      .map(({ name }) => ({ kind: "index" as const, name })),
  ];
  const own: OwnIndex[] = [];
  for (const one of found) if (await isOurs(server, one.name, signal)) own.push(one);
  return own;
}

async function isOurs(server: SearchServer, name: string, signal: AbortSignal): Promise<boolean> {
  const { body } = await server.request({ method: "GET", path: `/${encodeURIComponent(name)}/_mapping` }, signal);
  const mappings = Object.values(mappingsSchema.safeParse(body).data ?? {});
  return mappings.length > 0 && mappings.every(({ mappings: { _meta } }) => _meta?.managed_by === owner);
}

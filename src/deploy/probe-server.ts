import { z } from "zod";
import type { SearchServer, ServerAnswer } from "../sdk/search-server.ts";
import type { FlatType, JsonObject } from "./compile-mappings.ts";

/** How a server ages data: index lifecycle, data stream lifecycle, index state management. */
type Lifecycle = "ilm" | "dsl" | "ism" | "none";

/** What a server is and can do, found by asking it. */
export interface ServerFacts {
  readonly product: "elasticsearch" | "opensearch";
  readonly version: string;
  readonly isServerless: boolean;
  readonly hasDataStreams: boolean;
  readonly lifecycle: Lifecycle;
  readonly hasSecurity: boolean;
  readonly hasWildcard: boolean;
  readonly hasMatchOnlyText: boolean;
  readonly flatType: FlatType | undefined;
  /** Processor of an ingest pipeline that sets event.ingested; what works differs. */
  readonly ingestedProcessor: JsonObject;
  /** A template may name component templates that are not there. */
  readonly mayNameMissingComponents: boolean;
}

/** What servers say of an interface they do not have, of a type they do not know, or of what we may not ask. */
const refusals = [400, 401, 403, 404, 405, 410, 500, 501] as const;

/** Asks a server what it can do; changes nothing. Throws what `SearchServer.request` throws. */
export async function probeServer(server: SearchServer, signal: AbortSignal): Promise<ServerFacts> {
  const { product, version, isServerless } = server;
  const get = (path: string): Promise<ServerAnswer> =>
    server.request({ method: "GET", path, accept: refusals }, signal);
  const accepts = async (template: Readonly<Record<string, unknown>>): Promise<boolean> => {
    const body = { index_patterns: ["tagsmith-probe-*"], priority: 999_999, ...template };
    const path = "/_index_template/_simulate";
    return (await server.request({ method: "POST", path, body, accept: [400, 500] }, signal)).status === 200;
  };
  const acceptsType = (type: string): Promise<boolean> =>
    accepts({ template: { mappings: { properties: { probe: { type } } } } });
  const isElastic = product === "elasticsearch";
  const security = await get(isElastic ? "/_security/_authenticate" : "/_plugins/_security/authinfo");
  return {
    product,
    version,
    isServerless,
    hasDataStreams: await accepts({ data_stream: {} }),
    lifecycle: await findLifecycle(get, product, isServerless),
    hasSecurity: security.status === 200,
    hasWildcard: await acceptsType("wildcard"),
    hasMatchOnlyText: await acceptsType("match_only_text"),
    flatType: await findFlatType(acceptsType),
    ingestedProcessor: await findIngestedProcessor(server, signal),
    mayNameMissingComponents: await accepts({ composed_of: [custom], ignore_missing_component_templates: [custom] }),
  };
}

async function findFlatType(acceptsType: (type: FlatType) => Promise<boolean>): Promise<FlatType | undefined> {
  for (const type of ["flattened", "flat_object"] as const) if (await acceptsType(type)) return type;
  return undefined;
}

async function findLifecycle(
  get: (path: string) => Promise<ServerAnswer>,
  product: ServerFacts["product"],
  isServerless: boolean,
): Promise<Lifecycle> {
  if (product === "opensearch") {
    const { status, body } = await get("/_plugins/_ism/policies");
    // 404 with a plugin: it has no policy yet, so its index is not there.
    return status === 200 || (status === 404 && JSON.stringify(body).includes("index")) ? "ism" : "none";
  }
  if (!isServerless && (await get("/_ilm/status")).status === 200) return "ilm";
  return (await get("/_data_stream/tagsmith-*/_lifecycle")).status === 200 ? "dsl" : "none";
}

/** A name that nothing has. */
const custom = "tagsmith-probe@custom";
const field = "event.ingested";
const template: JsonObject = { set: { field, value: "{{{_ingest.timestamp}}}" } };
/** The first needs no script language and no template language, the last one needs a script language only. */
const processors: readonly JsonObject[] = [
  { set: { field, copy_from: "_ingest.timestamp" } },
  template,
  { script: { source: "ctx.event.ingested = Instant.ofEpochMilli(System.currentTimeMillis()).toString()" } },
];

const ingested = z.object({ event: z.object({ ingested: z.iso.datetime({ offset: true }) }) });
const simulated = z.object({ docs: z.tuple([z.object({ doc: z.object({ _source: ingested }) })]) });

async function findIngestedProcessor(server: SearchServer, signal: AbortSignal): Promise<JsonObject> {
  for (const processor of processors) {
    const body = { pipeline: { processors: [processor] }, docs: [{ _source: { event: {} } }] };
    const request = { method: "POST", path: "/_ingest/pipeline/_simulate", body, accept: [400, 500] } as const;
    if (simulated.safeParse((await server.request(request, signal)).body).success) return processor;
  }
  return template;
}

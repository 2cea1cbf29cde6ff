import { compileMappings, type Json, type JsonObject } from "./compile-mappings.ts";
import { ilmPolicy, ismPolicy } from "./lifecycle-policy.ts";
import type { Streams } from "./load-streams.ts";
import type { ServerFacts } from "./probe-server.ts";

export type AssetKind = "pipeline" | "ilm_policy" | "ism_policy" | "component_template" | "index_template";

/** One thing to be installed, in the form the server takes it. */
export interface Asset {
  readonly kind: AssetKind;
  readonly name: string;
  readonly body: JsonObject;
}

/** What install may be told. */
export interface InstallSettings {
  /** Days that data of a stream is kept, where it is not the stream's own default. */
  readonly retentionDays: Readonly<Record<string, number>>;
}

/** The word that says an asset is ours; what lacks it is never touched. */
export const owner = "tagsmith";
/** Above `logs-*-*` (100) and Fleet's templates (200). */
const priority = 500;
const pipelineName = "tagsmith-ingested";
const settingsName = "tagsmith-settings";

/** Everything Tagsmith installs into a server that can do `facts`, in the order in which it must be put. */
export function listAssets(
  streams: Streams,
  tags: readonly string[],
  facts: ServerFacts,
  settings: InstallSettings,
): readonly Asset[] {
  const meta = { managed_by: owner, version: streams.version };
  const types = { wildcard: facts.hasWildcard, matchOnlyText: facts.hasMatchOnlyText, flat: facts.flatType };
  const retentionOf = (name: string): number | undefined =>
    settings.retentionDays[name] ?? streams.streams[name]?.retention_days;
  const aged = Object.entries(streams.streams).flatMap(([name, { kind }]) => {
    const days = retentionOf(name);
    return kind === "data_stream" && days !== undefined ? [{ name: `tagsmith-${name}`, days }] : [];
  });
  const mappings = Object.entries(streams.streams).map(([name, stream]): Asset => {
    const fields = { ...streams.common, ...stream.fields };
    const body = {
      template: { mappings: compileMappings(fields, tags, types, meta) },
      version: streams.version,
      _meta: meta,
    };
    return { kind: "component_template", name: `tagsmith-${name}-mappings`, body };
  });
  const templates = Object.entries(streams.streams).map(([name, { kind }]): Asset => {
    const days = kind === "data_stream" ? retentionOf(name) : undefined;
    return { kind: "index_template", name: `tagsmith-${name}`, body: indexTemplate(name, kind, days, facts, meta) };
  });
  const policies = aged.flatMap(({ name, days }): Asset[] => {
    if (facts.lifecycle === "ilm") return [{ kind: "ilm_policy", name, body: ilmPolicy(days, meta) }];
    if (facts.lifecycle === "ism") return [{ kind: "ism_policy", name, body: ismPolicy(name, days, streams.version) }];
    return [];
  });
  return [pipelineAsset(streams.version, facts), ...policies, settingsAsset(meta), ...mappings, ...templates];
}

/**
 * Sets when a document was written, by the server's clock: what rules and pollers go by. A default pipeline, so that who
 * sets it himself can do without, and the place of the final pipeline stays free for the user's own.
 */
function pipelineAsset(version: number, { ingestedProcessor }: ServerFacts): Asset {
  const description = `Sets event.ingested. managed_by: ${owner}`;
  return { kind: "pipeline", name: pipelineName, body: { description, version, processors: [ingestedProcessor] } };
}

function settingsAsset(meta: JsonObject): Asset {
  const index = {
    codec: "best_compression",
    default_pipeline: pipelineName,
    refresh_interval: "5s",
    "mapping.total_fields.limit": 1000,
  };
  const body = { template: { settings: { index } }, version: Number(meta["version"]), _meta: meta };
  return { kind: "component_template", name: settingsName, body };
}

function indexTemplate(
  name: string,
  kind: "data_stream" | "index",
  days: number | undefined,
  facts: ServerFacts,
  meta: JsonObject,
): JsonObject {
  const custom = "tagsmith@custom";
  const isIlm = facts.lifecycle === "ilm" && days !== undefined;
  const isDsl = facts.lifecycle === "dsl" && days !== undefined;
  const template: Record<string, Json> = {
    ...(isIlm && { settings: { index: { "lifecycle.name": `tagsmith-${name}` } } }),
    ...(isDsl && { lifecycle: { data_retention: `${days}d` } }),
  };
  return {
    index_patterns: [`tagsmith-${name}-*`],
    priority,
    version: Number(meta["version"]),
    ...(kind === "data_stream" && { data_stream: {} }),
    composed_of: [settingsName, `tagsmith-${name}-mappings`, ...(facts.mayNameMissingComponents ? [custom] : [])],
    ...(facts.mayNameMissingComponents && { ignore_missing_component_templates: [custom] }),
    ...(Object.keys(template).length > 0 && { template }),
    _meta: meta,
  };
}

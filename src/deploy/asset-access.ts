import { z } from "zod";
import type { ServerRequest } from "../sdk/search-server.ts";
import type { JsonObject } from "./compile-mappings.ts";
import { type Asset, type AssetKind, owner } from "./list-assets.ts";

/** An asset as a server has it. */
export interface InstalledAsset {
  /** In the form in which it is put. */
  readonly body: JsonObject;
  readonly isOurs: boolean;
  /** Of the description it was made from; undefined when it does not say. */
  readonly version: number | undefined;
  /** What an update must prove to have seen, where the server asks for that. */
  readonly seen?: { readonly if_seq_no: number; readonly if_primary_term: number };
}

const object: z.ZodType<JsonObject> = z.record(z.string(), z.json());
const meta = z.looseObject({ managed_by: z.unknown().optional(), version: z.number().optional() }).optional();
const withMeta = z.looseObject({ _meta: meta });
const described = z.looseObject({ description: z.string().optional(), version: z.number().optional() });

const pathOf: Readonly<Record<AssetKind, string>> = {
  pipeline: "/_ingest/pipeline",
  ilm_policy: "/_ilm/policy",
  ism_policy: "/_plugins/_ism/policies",
  component_template: "/_component_template",
  index_template: "/_index_template",
};

/** Request for what the server has under an asset's name; 404: nothing. */
export function readRequest({ kind, name }: Pick<Asset, "kind" | "name">): ServerRequest {
  return { method: "GET", path: `${pathOf[kind]}/${name}`, accept: [404] };
}

/** Request that makes the asset, or replaces what is there. */
export function putRequest({ kind, name, body }: Asset, installed: InstalledAsset | undefined): ServerRequest {
  const seen = installed?.seen;
  return { method: "PUT", path: `${pathOf[kind]}/${name}`, body, ...(seen !== undefined && { query: seen }) };
}

export function deleteRequest({ kind, name }: Pick<Asset, "kind" | "name">): ServerRequest {
  return { method: "DELETE", path: `${pathOf[kind]}/${name}`, accept: [404] };
}

/** What the answer to `readRequest` says is there. */
export function readInstalled({ kind, name }: Pick<Asset, "kind" | "name">, answer: unknown): InstalledAsset {
  switch (kind) {
    case "pipeline":
      return byDescription(z.record(z.string(), object).parse(answer)[name] ?? {});
    case "ilm_policy": {
      const { policy } = z.looseObject({ policy: object }).parse(z.record(z.string(), object).parse(answer)[name]);
      return byMeta({ policy }, policy);
    }
    case "ism_policy": {
      const shape = z.looseObject({ policy: object, _seq_no: z.number(), _primary_term: z.number() });
      const { policy, _seq_no, _primary_term } = shape.parse(answer);
      const { isOurs, version } = byDescription(policy);
      return { body: { policy }, isOurs, version, seen: { if_seq_no: _seq_no, if_primary_term: _primary_term } };
    }
    case "component_template": {
      const entry = z.looseObject({ component_template: object });
      const [found] = z.looseObject({ component_templates: z.array(entry) }).parse(answer).component_templates;
      return byMeta(found?.component_template ?? {}, found?.component_template);
    }
    case "index_template": {
      const entry = z.looseObject({ index_template: object });
      const [found] = z.looseObject({ index_templates: z.array(entry) }).parse(answer).index_templates;
      return byMeta(found?.index_template ?? {}, found?.index_template);
    }
  }
}

function byMeta(body: JsonObject, holder: unknown): InstalledAsset {
  const mark = withMeta.safeParse(holder).data?._meta;
  return { body, isOurs: mark?.managed_by === owner, version: mark?.version };
}

/** Pipelines and state policies have no place for a mark but their description. */
function byDescription(body: JsonObject): InstalledAsset {
  const { description = "", version } = described.safeParse(body).data ?? {};
  const written = /managed_by: tagsmith(?:, version (\d+))?/.exec(description);
  return { body, isOurs: written !== null, version: version ?? (written?.[1] ? Number(written[1]) : undefined) };
}

import type { Config } from "../config/config-schema.ts";
import { loadConfig } from "../config/load-config.ts";
import { loadMappingSet, type MappingSources } from "../normalize/load-mapping-set.ts";
import type { LoadedMapping } from "../normalize/load-mappings.ts";
import { bundled } from "./paths.ts";

/** Options of every command that reads documents by mappings. */
export interface MappingOptions {
  /** A folder instead of the bundled one. */
  readonly mappings?: string;
  /** Folders and files that override or add. */
  readonly extra?: readonly string[];
  /** The mappings as a configuration says. */
  readonly config?: string;
}

/** The mappings the options name; throws `mapping_invalid`, `mapping_not_found`, or `config_invalid`. */
export function openMappings(options: MappingOptions): LoadedMapping[] {
  const config = options.config === undefined ? undefined : loadConfig(options.config);
  const sources = config === undefined ? { folder: bundled.mappings() } : mappingSources(config);
  const { folder, extra = [], ...rest } = sources;
  const more = options.extra ?? [];
  return loadMappingSet({ ...rest, folder: options.mappings ?? folder, extra: [...extra, ...more] });
}

/** Where a configuration says the mappings come from. */
export function mappingSources({ mappings }: Config): MappingSources {
  const { path, extra, fields, session, keep_noise: keepNoise } = mappings;
  return { folder: path ?? bundled.mappings(), extra, fields, session, keepNoise };
}

import { statSync } from "node:fs";
import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { mappingsOfFields, parseAt } from "./field-map.ts";
import { keepNoise } from "./keep-noise.ts";
import {
  type LoadedMapping,
  loadMappingFolder,
  mappingsOf,
  readMappingFile,
  readMappingFolder,
} from "./load-mappings.ts";
import { type Mapping, mappingSchema } from "./mapping-schema.ts";

/** Where the mappings of a run come from. */
export interface MappingSources {
  /** The folder to begin with. */
  readonly folder: string;
  /** Folders and files whose mappings replace those of the same name, or come beside them; later ones win. */
  readonly extra?: readonly string[] | undefined;
  /** `mappings.fields` of the configuration, unchecked. */
  readonly fields?: unknown;
  /** `mappings.session`: candidates by mapping name, or `*` for all; unchecked. */
  readonly session?: unknown;
  /** Labels what skip rules for noise would leave out. */
  readonly keepNoise?: boolean | undefined;
}

/**
 * Reads and joins mappings. Throws `mapping_invalid`, `mapping_not_found`, or `config_invalid` for what the
 * configuration says of fields and sessions.
 */
export function loadMappingSet(sources: MappingSources): LoadedMapping[] {
  const set = new Map<string, LoadedMapping>();
  const add = (loaded: LoadedMapping): void => void set.set(loaded.mapping.name, loaded);
  loadMappingFolder(sources.folder).forEach(add);
  for (const path of sources.extra ?? []) readExtra(path).forEach(add);
  if (sources.fields !== undefined) {
    for (const mapping of mappingsOfFields(sources.fields)) add({ mapping, file: "the configuration" });
  }
  const all = mappingsOf([...set.values()]);
  const kept = sources.keepNoise === true ? keepNoise(all) : all;
  const withSession = compileSession(sources.session, [...set.keys()]);
  return kept.map((mapping) => ({ mapping: withSession(mapping), file: set.get(mapping.name)?.file ?? "" }));
}

function readExtra(path: string): LoadedMapping[] {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? readMappingFolder(path) : [{ mapping: readMappingFile(path), file: path }];
}

const sessionsSchema = z.record(z.string(), mappingSchema.shape.session.unwrap());

/** Candidates given for a mapping replace its own; those for `*` come before the candidates of every mapping. */
function compileSession(sessions: unknown, names: readonly string[]): (mapping: Mapping) => Mapping {
  if (sessions === undefined) return (mapping) => mapping;
  const given = new Map(Object.entries(parseAt(sessionsSchema, sessions, "mappings.session")));
  const unknown = [...given.keys()].find((name) => name !== "*" && !names.includes(name));
  if (unknown !== undefined) {
    throw new TagsmithError("config_invalid", `mappings.session.${unknown}: there is no such mapping`, "exit");
  }
  const first = given.get("*") ?? [];
  return (mapping) => {
    const session = [...first, ...(given.get(mapping.name) ?? mapping.session ?? [])];
    return mapping.text === undefined || session.length === 0 ? mapping : { ...mapping, session };
  };
}

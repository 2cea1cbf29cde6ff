import type { LoadedMapping } from "../normalize/load-mappings.ts";
import type { Mapping } from "../normalize/mapping-schema.ts";
import { exitCodes } from "./exit-code.ts";
import { type MappingOptions, openMappings } from "./open-mappings.ts";
import { bundled } from "./paths.ts";
import { formatTable, type Terminal } from "./terminal.ts";

/** `tagsmith mappings list`: every mapping, in the order they are asked. */
export function listMappingsCommand(options: MappingOptions & { readonly json: boolean }, terminal: Terminal): number {
  const loaded = openMappings(options).sort(
    (a, b) => b.mapping.precedence - a.mapping.precedence || (a.mapping.name < b.mapping.name ? -1 : 1),
  );
  if (options.json) terminal.out.write(`${JSON.stringify(loaded.map(asJson))}\n`);
  else terminal.out.write(formatTable([["precedence", "name", "reads", "from", "title"], ...loaded.map(asRow)]));
  return exitCodes.ok;
}

function asRow({ mapping, file }: LoadedMapping): (string | number)[] {
  const { precedence, name, version, title } = mapping;
  return [String(precedence), `${name}@${version}`, kindOf(mapping), originOf(file), title];
}

function asJson({ mapping, file }: LoadedMapping): Record<string, unknown> {
  const { name, version, title, precedence, versions, within, containers } = mapping;
  return { name, version, title, precedence, versions, within, containers, kind: kindOf(mapping), file };
}

function kindOf({ unwrap, reader, platform }: Mapping): string {
  if (unwrap !== undefined) return "envelope";
  if (reader !== undefined) return "records";
  return typeof platform === "object" ? "events" : (platform ?? "linux");
}

function originOf(file: string): string {
  return file.startsWith(bundled.mappings()) ? "bundled" : file;
}

import { type CompiledMapping, compileMapping } from "./compile-mapping.ts";
import type { Mapping } from "./mapping-schema.ts";
import type { Readers } from "./renderer.ts";

/** As `compileMapping`, for normalizers that share what is compiled: it takes megabytes, and holds nothing of documents. */
export function compileOnce(readers: Readers): (mapping: Mapping) => CompiledMapping {
  const compiled = new WeakMap<Mapping, CompiledMapping>();
  return (mapping) => {
    const known = compiled.get(mapping) ?? compileMapping(mapping, readers);
    compiled.set(mapping, known);
    return known;
  };
}

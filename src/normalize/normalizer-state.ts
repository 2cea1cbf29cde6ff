import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { parseJson } from "./parse-json.ts";
import type { Taker } from "./take-document.ts";

const stateSchema = z.strictObject({ version: z.literal(1), memories: z.record(z.string(), z.string()) });

/** What mappings hold between documents, by mapping name. */
export type Memories = ReadonlyMap<string, string>;

/** Open events of every mapping as JSON text; `kept` is what mappings held that are not in use now. */
export function packState(takers: readonly Taker[], kept: Memories): string {
  const memories = new Map(kept);
  for (const { mapping, memory } of takers) if (memory !== undefined) memories.set(mapping.name, memory.pending());
  return JSON.stringify({ version: 1, memories: Object.fromEntries(memories) });
}

/**
 * Gives each mapping its open events back, and returns those of mappings that are not in use: they come back with their
 * mapping. Throws `normalizer_state_invalid` on text `packState` did not write.
 */
export function unpackState(state: string, takers: readonly Taker[]): Memories {
  const parsed = stateSchema.safeParse(parseJson(state));
  if (!parsed.success) {
    throw new TagsmithError(
      "normalizer_state_invalid",
      "The stored state of open events cannot be read.",
      "exit",
      parsed.error,
    );
  }
  const memories = new Map(Object.entries(parsed.data.memories));
  for (const { mapping, memory } of takers) {
    const pending = memories.get(mapping.name);
    if (pending === undefined || memory === undefined) continue;
    memory.restore(pending);
    memories.delete(mapping.name);
  }
  return memories;
}

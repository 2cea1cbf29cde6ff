import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { parseJson } from "./parse-json.ts";
import type { Taker } from "./take-document.ts";

const stateSchema = z.strictObject({ version: z.literal(1), memories: z.record(z.string(), z.string()) });

/** Open events of every mapping as JSON text. */
export function packState(takers: readonly Taker[]): string {
  const memories: Record<string, string> = {};
  for (const { mapping, memory } of takers) if (memory !== undefined) memories[mapping.name] = memory.pending();
  return JSON.stringify({ version: 1, memories });
}

/** Gives each mapping its open events back; throws `normalizer_state_invalid` on text `packState` did not write. */
export function unpackState(state: string, takers: readonly Taker[]): void {
  const parsed = stateSchema.safeParse(parseJson(state));
  if (!parsed.success) {
    throw new TagsmithError(
      "normalizer_state_invalid",
      "The stored state of open events cannot be read.",
      "exit",
      parsed.error,
    );
  }
  for (const { mapping, memory } of takers) {
    const { memories } = parsed.data;
    const pending = Object.hasOwn(memories, mapping.name) ? memories[mapping.name] : undefined;
    if (pending !== undefined) memory?.restore(pending);
  }
}

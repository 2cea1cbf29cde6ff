import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type EventRow, packRow, unpackRow } from "./event-row.ts";

/** Events of one partition that a node read in one step. */
export interface StreamEntry {
  /** The slice they were read in. */
  readonly slice: string;
  /** Newest event time of the slice before and after the step; undefined before its first event. */
  readonly beforeMs: number | undefined;
  readonly afterMs: number | undefined;
  readonly rows: readonly EventRow[];
}

const entrySchema = z.strictObject({
  s: z.string(),
  b: z.number().nullable(),
  a: z.number().nullable(),
  e: z.array(z.unknown()),
});

export function encodeEntry({ slice, beforeMs, afterMs, rows }: StreamEntry): string {
  return JSON.stringify({ s: slice, b: beforeMs ?? null, a: afterMs ?? null, e: rows.map(packRow) });
}

/** Throws `cluster_state_invalid` (exit) on what `encodeEntry` has not written. */
export function decodeEntry(text: string): StreamEntry {
  try {
    const { s, b, a, e } = entrySchema.parse(JSON.parse(text));
    return { slice: s, beforeMs: b ?? undefined, afterMs: a ?? undefined, rows: e.map(unpackRow) };
  } catch (cause) {
    throw invalidState("an entry of a partition's stream", cause);
  }
}

/** What Redis holds was written by another program or version. */
export function invalidState(what: string, cause: unknown): TagsmithError {
  const advice = "Use another cluster.name: sources are then read from their configured start.";
  return new TagsmithError("cluster_state_invalid", `${what} cannot be read. ${advice}`, "exit", cause);
}

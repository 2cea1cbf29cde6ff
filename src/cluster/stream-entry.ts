import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { type EventRow, packRow, unpackRow } from "./event-row.ts";
import { type MatchRow, packMatch, unpackMatch } from "./match-row.ts";

/** What comes to one partition of one step of a node. */
export interface StreamEntry {
  /** Name of the lease that the step was made under. */
  readonly slice: string;
  /** Newest event time of the slice before and after the step; undefined before its first event. */
  readonly beforeMs: number | undefined;
  readonly afterMs: number | undefined;
  /** Events of the partition's sessions. */
  readonly rows: readonly EventRow[];
  /** Matches that correlations of the partition count; absent: none. */
  readonly matches?: readonly MatchRow[];
}

const entrySchema = z.strictObject({
  s: z.string(),
  b: z.number().nullable(),
  a: z.number().nullable(),
  e: z.array(z.unknown()),
  m: z.array(z.unknown()).optional(),
});

export function encodeEntry({ slice, beforeMs, afterMs, rows, matches = [] }: StreamEntry): string {
  const known = { s: slice, b: beforeMs ?? null, a: afterMs ?? null, e: rows.map(packRow) };
  return JSON.stringify(matches.length === 0 ? known : { ...known, m: matches.map(packMatch) });
}

/** Throws `cluster_state_invalid` (exit) on what `encodeEntry` has not written. */
export function decodeEntry(text: string): StreamEntry {
  try {
    const { s, b, a, e, m } = entrySchema.parse(JSON.parse(text));
    const marks = { beforeMs: b ?? undefined, afterMs: a ?? undefined };
    return { slice: s, ...marks, rows: e.map(unpackRow), ...(m !== undefined && { matches: m.map(unpackMatch) }) };
  } catch (cause) {
    throw invalidState("an entry of a partition's stream", cause);
  }
}

/** What Redis holds was written by another program or version. */
export function invalidState(what: string, cause: unknown): TagsmithError {
  const advice = "Use another cluster.name: sources are then read from their configured start.";
  return new TagsmithError("cluster_state_invalid", `${what} cannot be read. ${advice}`, "exit", cause);
}

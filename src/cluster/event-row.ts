import { z } from "zod";
import type { Platform } from "../event/event.ts";

/** What a session needs of an event, on its way from the node that read it to the one that judges it, and as kept there. */
export interface EventRow {
  readonly sessionKey: string;
  readonly id: string;
  /** Absent for an event without a time. */
  readonly timeMs?: number;
  readonly sequence: number;
  readonly platform: Platform;
  readonly host?: string;
  readonly user?: string;
  /** Place of the tag in the vocabulary, or id of a tag it lacks; best first. */
  readonly labels: readonly (readonly [tag: number | string, score: number])[];
}

const packedSchema = z.tuple([
  z.string(),
  z.string(),
  z.number().nullable(),
  z.number(),
  z.enum(["linux", "k8s_audit"]),
  z.string().nullable(),
  z.string().nullable(),
  z.array(z.tuple([z.union([z.number(), z.string()]), z.number()])),
]);

type PackedRow = z.infer<typeof packedSchema>;

/** An event as a short list, ready for JSON. */
export function packRow({ sessionKey, id, timeMs, sequence, platform, host, user, labels }: EventRow): PackedRow {
  const scored = labels.map(([tag, score]): [number | string, number] => [tag, score]);
  return [sessionKey, id, timeMs ?? null, sequence, platform, host ?? null, user ?? null, scored];
}

/** What `packRow` made; throws where it is something else. */
export function unpackRow(value: unknown): EventRow {
  const [sessionKey, id, timeMs, sequence, platform, host, user, labels] = packedSchema.parse(value);
  return {
    sessionKey,
    id,
    ...(timeMs !== null && { timeMs }),
    sequence,
    platform,
    ...(host !== null && { host }),
    ...(user !== null && { user }),
    labels,
  };
}

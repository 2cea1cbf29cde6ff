import { z } from "zod";

/** An event that rules matched, on its way to the partitions that own the groups which count it. */
export interface MatchRow {
  readonly document: Readonly<Record<string, unknown>>;
  readonly timeMs: number;
  readonly order?: readonly [sequence: number, id: string] | undefined;
  /** Ids of rules. */
  readonly rules: readonly string[];
}

const packedSchema = z.tuple([
  z.record(z.string(), z.unknown()),
  z.number(),
  z.tuple([z.number(), z.string()]).nullable(),
  z.array(z.string()),
]);

type PackedMatch = z.infer<typeof packedSchema>;

/** A match as a short list, ready for JSON. */
export function packMatch({ document, timeMs, order, rules }: MatchRow): PackedMatch {
  return [{ ...document }, timeMs, order === undefined ? null : [...order], [...rules]];
}

/** What `packMatch` made; throws where it is something else. */
export function unpackMatch(value: unknown): MatchRow {
  const [document, timeMs, order, rules] = packedSchema.parse(value);
  return { document, timeMs, ...(order !== null && { order }), rules };
}

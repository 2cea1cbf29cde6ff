import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";

const push = z.strictObject({
  document: z.record(z.string(), z.unknown()),
  timeMs: z.number(),
  order: z.tuple([z.number(), z.string()]).readonly().optional(),
  rules: z.array(z.string()),
});

/** Something that changed what detection remembers. */
const changeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("seen"), id: z.string() }),
  z.strictObject({ kind: z.literal("push"), ...push.shape }),
  z.strictObject({ kind: z.literal("advance"), untilMs: z.number().nullable(), most: z.int().optional() }),
  /** All that is remembered; what came before does not matter any more. */
  z.strictObject({ kind: z.literal("all"), seen: z.array(z.string()), correlations: z.unknown() }),
]);

export type DetectionChange = z.infer<typeof changeSchema>;

/** What to store: behind what is stored already, or in its place. */
export interface DetectionStep {
  readonly replace: boolean;
  readonly append: readonly string[];
}

/** Reads what a state holds; throws `detect_state_invalid`. */
export function parseJournal(rows: readonly string[]): readonly DetectionChange[] {
  try {
    return rows.flatMap((row) => z.array(changeSchema).parse(JSON.parse(row)));
  } catch (cause) {
    const message =
      "what is remembered of alerts cannot be read. Use another state.path or cluster.name to start over.";
    throw new TagsmithError("detect_state_invalid", message, "exit", cause);
  }
}

/** So many characters are written behind each other at least before all that is remembered is written anew. */
const minJournalChars = 1_000_000;

/**
 * Collects changes and says how to store them: one row a step, and all anew when the rows have become longer than that
 * would be. So a step costs what it changes, and a state stays within twice what is remembered.
 */
export class DetectionJournal {
  readonly #saveAll: () => DetectionChange;
  #changes: DetectionChange[] = [];
  #journalChars = 0;
  #wholeChars = 0;

  constructor(saveAll: () => DetectionChange) {
    this.#saveAll = saveAll;
  }

  note(change: DetectionChange): void {
    this.#changes.push(change);
  }

  /** The rows that are stored already. */
  restored(rows: readonly string[]): void {
    this.#wholeChars = rows[0]?.length ?? 0;
    this.#journalChars = rows.slice(1).reduce((sum, { length }) => sum + length, 0);
  }

  /** What to store since the last call; undefined: nothing. */
  take(): DetectionStep | undefined {
    if (this.#changes.length === 0) return undefined;
    const row = JSON.stringify(this.#changes);
    this.#changes = [];
    this.#journalChars += row.length;
    if (this.#journalChars < Math.max(minJournalChars, this.#wholeChars)) return { replace: false, append: [row] };
    const whole = JSON.stringify([this.#saveAll()]);
    this.#journalChars = 0;
    this.#wholeChars = whole.length;
    return { replace: true, append: [whole] };
  }
}

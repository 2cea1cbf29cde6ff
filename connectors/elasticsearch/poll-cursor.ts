import { z } from "zod";
import { TagsmithError } from "#sdk";
import type { StoredPosition } from "./lane-position.ts";

const time = z.number();

const cursorSchema = z.strictObject({
  version: z.literal(1),
  lanes: z.array(
    z.strictObject({
      field: z.string(),
      start: time.optional(),
      at: time.optional(),
      ids: z.array(z.tuple([z.string(), time])),
      counts: z.array(z.int()),
    }),
  ),
});

/** Reads what `formatCursor` wrote; throws `siem_cursor_invalid` (exit). */
export function parseCursor(text: string | undefined): ReadonlyMap<string, StoredPosition> {
  if (text === undefined || text === "") return new Map();
  try {
    const { lanes } = cursorSchema.parse(JSON.parse(text));
    return new Map(lanes.map((lane) => [lane.field, lane]));
  } catch (cause) {
    const message = "the stored place in the indices cannot be read. Use another state.";
    throw new TagsmithError("siem_cursor_invalid", message, "exit", cause);
  }
}

export function formatCursor(lanes: readonly StoredPosition[]): string {
  return JSON.stringify({ version: 1, lanes });
}

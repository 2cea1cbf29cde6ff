import { z } from "zod";
import { TagsmithError } from "#sdk";

const positionSchema = z.strictObject({
  /** Backing indices of the newest confirmed documents. */
  labels: z.string().optional(),
  alerts: z.string().optional(),
  deadletters: z.string().optional(),
  /** Version of the newest confirmed verdict. */
  version: z.int().min(0),
});

/** Where a sink stands once a write is confirmed. */
export type SinkPosition = z.infer<typeof positionSchema>;

/** Reads a stored position; throws `output_position_invalid`. */
export function parsePosition(position: string | undefined): SinkPosition {
  if (position === undefined) return { version: 0 };
  try {
    return positionSchema.parse(JSON.parse(position));
  } catch (cause) {
    const message = `the stored position of the sink cannot be read: ${position}`;
    throw new TagsmithError("output_position_invalid", message, "exit", cause);
  }
}

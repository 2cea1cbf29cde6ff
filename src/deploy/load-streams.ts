import { readFileSync } from "node:fs";
import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";

/**
 * `text`: words; `command`: whole text with wildcards, however long; `flat`: texts by name, each found as a whole; fields not
 * listed are kept but not searchable.
 */
const fieldType = z.enum(["keyword", "text", "command", "flat", "date", "float", "long", "integer", "boolean"]);
const fields = z.record(z.string().regex(/^[@a-z_]+(\.([a-z_]+|\*))*$/), fieldType);

const streamsSchema = z.strictObject({
  version: z.int().min(1),
  common: fields,
  streams: z.record(
    z.string().regex(/^[a-z]+$/),
    z.strictObject({
      kind: z.enum(["data_stream", "index"]),
      retention_days: z.int().min(1).optional(),
      fields,
    }),
  ),
});

/** `schema/streams.json`: what Tagsmith writes into a search server, field by field. */
export type Streams = z.infer<typeof streamsSchema>;
export type FieldType = z.infer<typeof fieldType>;

/** Reads and checks the description of the streams; throws `vocabulary_invalid` with file and path. */
export function loadStreams(path: string): Streams {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TagsmithError("vocabulary_invalid", `${path}: cannot be read as JSON: ${String(cause)}`, "exit", cause);
  }
  const parsed = streamsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TagsmithError("vocabulary_invalid", `${path}: ${z.prettifyError(parsed.error)}`, "exit", parsed.error);
}

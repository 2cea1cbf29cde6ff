import { z } from "zod";
import { TagsmithError } from "#sdk";
import { fileShapes } from "./file-shape.ts";

const count = z.int().min(0);

const entrySchema = z.strictObject({
  path: z.string(),
  /** Name the records carry; the path it was first found under. */
  container: z.string().optional(),
  identity: z.string(),
  generation: count.default(0),
  /** Number and hash of its first bytes: tells a file that was written anew in place. */
  head: z.string().default(""),
  offset: count,
  line: count.min(1),
  sequence: count,
  column: count.default(0),
  on_line: count.default(0),
  in_array: z.boolean().default(false),
  skip_column: z.int().min(-1).default(-1),
  plain_until: count.default(0),
  shape: z.enum(fileShapes).default("unknown"),
  /** Size of the file when it was read to its end; -1: it was not. */
  done_bytes: z.int().min(-1).default(-1),
});

const cursorSchema = z.strictObject({
  files: z.array(entrySchema),
  /** Files read to the end long ago, in short; see FinishedMarks. */
  marks: z.string().default(""),
  /** Once the place of `marks`, without how far the files were read. */
  finished: z.literal("", "its marks of finished files do not hold how far they were read").optional(),
});

/** How far one file was read, as it stands in a cursor. */
export type CursorEntry = z.infer<typeof entrySchema>;
export type FileCursor = z.infer<typeof cursorSchema>;

/** Reads a cursor that `formatCursor` wrote; throws `file_cursor_invalid` (exit). */
export function parseCursor(text: string | undefined): FileCursor {
  if (text === undefined || text === "") return { files: [], marks: "" };
  try {
    return cursorSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `the stored place in the input cannot be read: ${reasonOf(cause)}. Use another state.`;
    throw new TagsmithError("file_cursor_invalid", message, "exit", cause);
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return String(cause);
  return cause.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}

/** One entry as JSON, what is at its default left out. */
export function formatEntry(entry: CursorEntry): string {
  const { path, container, identity, generation, head, offset, line, sequence } = entry;
  const { column, on_line, in_array, skip_column, plain_until, shape, done_bytes } = entry;
  return JSON.stringify({
    path,
    ...(container !== undefined && container !== path && { container }),
    identity,
    ...(generation > 0 && { generation }),
    ...(head !== "" && { head }),
    offset,
    line,
    sequence,
    ...(column > 0 && { column }),
    ...(on_line > 0 && { on_line }),
    ...(in_array && { in_array }),
    ...(skip_column >= 0 && { skip_column }),
    ...(plain_until > offset && { plain_until }),
    ...(shape !== "unknown" && { shape }),
    ...(done_bytes >= 0 && { done_bytes }),
  });
}

import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SessionLabel } from "../event/verdict.ts";
import type { TagProfiles } from "./tag-profiles.ts";
import { newSession, type SessionBase, type TrackedSession } from "./tracked-session.ts";

const metaSchema = z.strictObject({ vocabulary: z.string(), watermarkMs: z.number().nullable() });
const noteSchema = z.strictObject({
  segments: z.int().min(0),
  untilMs: z.number().nullable(),
  closed: z.boolean(),
  emitted: z.string().regex(/^[-ni]*$/),
});

/** The tracker's own note: the newest event time, -Infinity before the first event. */
export function encodeMeta(profiles: TagProfiles, watermarkMs: number): string {
  return JSON.stringify({ vocabulary: profiles.vocabulary, watermarkMs: finiteOrNull(watermarkMs) });
}

/** Throws `session_state_incompatible` when the text is damaged or was written with another vocabulary. */
export function decodeMeta(profiles: TagProfiles, text: string): number {
  const meta = parseJson(metaSchema, text);
  if (meta.vocabulary === profiles.vocabulary) return meta.watermarkMs ?? Number.NEGATIVE_INFINITY;
  throw incompatible(`written with vocabulary ${meta.vocabulary}, now it is ${profiles.vocabulary}`);
}

/** What a session's note says. */
export interface SessionMemory {
  readonly base: SessionBase;
  readonly closed: boolean;
  /** Label of the last verdict of each segment, if it had one. */
  readonly emitted: readonly (SessionLabel | undefined)[];
}

/** A session without a note. */
export const noMemory: SessionMemory = { base: newSession, closed: false, emitted: [] };

export function encodeNote(session: TrackedSession): string {
  const { base, segments, isOpen } = session;
  const codes = segments.map(({ emitted }) => (emitted === undefined ? "-" : emitted === "intrusion" ? "i" : "n"));
  return JSON.stringify({
    segments: base.segments,
    untilMs: finiteOrNull(base.untilMs),
    closed: segments.length > 0 && !isOpen,
    emitted: codes.join(""),
  });
}

/** Throws `session_state_incompatible` when the text is damaged. */
export function decodeNote(text: string): SessionMemory {
  const note = parseJson(noteSchema, text);
  return {
    base: { segments: note.segments, untilMs: note.untilMs ?? Number.NEGATIVE_INFINITY },
    closed: note.closed,
    emitted: [...note.emitted].map((code) =>
      code === "-" ? undefined : code === "i" ? "intrusion" : "normal_operation",
    ),
  };
}

function parseJson<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw incompatible(`no JSON: ${String(cause)}`, cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw incompatible(z.prettifyError(parsed.error), parsed.error);
}

function incompatible(reason: string, cause?: unknown): TagsmithError {
  return new TagsmithError("session_state_incompatible", `Stored sessions cannot be read: ${reason}`, "exit", cause);
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

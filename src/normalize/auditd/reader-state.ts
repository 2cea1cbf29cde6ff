import { z } from "zod";
import { TagsmithError } from "../../event/tagsmith-error.ts";
import { addLine, type EventGroup, openGroup, part } from "./event-group.ts";
import type { ReaderState } from "./event-window.ts";
import { scanAuditHeader } from "./scan-header.ts";

const positionSchema = z.object({ container: z.string(), id: z.string(), sequence: z.number() });

const stateSchema = z.object({
  version: z.literal(2),
  opened: z.number(),
  streams: z.array(z.tuple([z.string(), z.number()])),
  given: z.array(z.string()),
  groups: z.array(
    z.object({
      key: z.string(),
      stream: z.string(),
      host: z.string().optional(),
      openedInStream: z.number(),
      openedAt: z.number(),
      ended: z.boolean(),
      records: z.array(positionSchema),
      lines: z.array(z.object({ line: z.string(), cut: z.boolean() })),
    }),
  ),
});

/** Waiting events as JSON text: the lines themselves, read again by `readState`. */
export function writeState(state: ReaderState): string {
  const groups = [...state.groups.values()].map((group) => ({
    key: group.key,
    stream: group.stream,
    host: group.host,
    openedInStream: group.openedInStream,
    openedAt: group.openedAt,
    ended: (group.parts & part.end) !== 0,
    records: group.records.map(({ container, id, sequence }) => ({ container, id, sequence })),
    lines: group.lines.map(({ line, cut }) => ({ line, cut })),
  }));
  const streams = [...state.streams].map(([name, stream]) => [name, stream.opened]);
  return JSON.stringify({ version: 2, opened: state.opened, streams, given: [...state.given], groups });
}

/** Fills an empty state. Throws TagsmithError `auditd_pending_invalid` on text that `writeState` did not write. */
export function readState(text: string, state: ReaderState): void {
  const saved = parseState(text);
  state.opened = saved.opened;
  for (const key of saved.given) state.given.add(key);
  for (const [name, opened] of saved.streams) state.streams.set(name, { opened, waiting: new Set<EventGroup>() });
  for (const entry of saved.groups) {
    const group = restoreGroup(entry);
    state.groups.set(group.key, group);
    state.streams.get(group.stream)?.waiting.add(group);
    state.chars += group.chars;
  }
}

function restoreGroup(entry: z.infer<typeof stateSchema>["groups"][number]): EventGroup {
  const lines = entry.lines.map(({ line, cut }) => {
    const header = scanAuditHeader(line);
    if (header === undefined) throw invalid("a line is no audit record");
    return { header, line, cut };
  });
  const [first] = lines;
  const [record] = entry.records;
  if (first === undefined || record === undefined) throw invalid("an event has no record");
  const group = openGroup({ ...entry, host: entry.host, timeMs: first.header.timeMs });
  for (const line of lines) addLine(group, record, line);
  group.records.splice(0, group.records.length, ...entry.records);
  if (entry.ended) group.parts |= part.end;
  return group;
}

function parseState(text: string): z.infer<typeof stateSchema> {
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw invalid("the text is not a saved state", cause);
  }
}

function invalid(reason: string, cause?: unknown): TagsmithError {
  return new TagsmithError(
    "auditd_pending_invalid",
    `Pending audit events cannot be restored: ${reason}.`,
    "exit",
    cause,
  );
}

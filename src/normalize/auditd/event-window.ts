import type { Document } from "../../sdk/document.ts";
import type { ReaderResult, RecordPosition } from "../record-reader.ts";
import { type AuditLine, assembleAuditEvent } from "./assemble-event.ts";
import { type EventGroup, isWhole, openGroup, part } from "./event-group.ts";
import type { AuditdReaderSettings } from "./reader-settings.ts";

/** Everything a reader holds between records. */
export interface ReaderState {
  /** In the order they were opened. */
  readonly groups: Map<string, EventGroup>;
  /** Per stream: how many events it opened, and those that still wait, oldest first. */
  readonly streams: Map<string, Stream>;
  /** Keys of starts of programs given out, oldest first. */
  readonly given: Set<string>;
  opened: number;
  chars: number;
}

interface Stream {
  opened: number;
  readonly waiting: Set<EventGroup>;
}

/** The first record of an event. */
export interface NewEvent {
  readonly key: string;
  readonly host: string | undefined;
  readonly record: RecordPosition;
  readonly line: AuditLine;
}

/** An empty state. */
export function newReaderState(): ReaderState {
  return { groups: new Map(), streams: new Map(), given: new Set(), opened: 0, chars: 0 };
}

/** Opens an event and closes those of its stream that it shows to be over. */
export function openEvent(
  state: ReaderState,
  bounds: AuditdReaderSettings,
  event: NewEvent,
  results: ReaderResult[],
): EventGroup {
  const { node, timeMs } = event.line.header;
  const name = `${event.host ?? ""}\0${node ?? ""}\0${event.record.container}`;
  const stream = state.streams.get(name) ?? { opened: 0, waiting: new Set<EventGroup>() };
  for (const group of stream.waiting) {
    const later = stream.opened - group.openedInStream;
    if (later < bounds.maxLaterEvents && timeMs - group.timeMs <= bounds.timeoutMs) break;
    results.push(closeEvent(state, bounds, group));
  }
  const { key, host } = event;
  const opened = { openedInStream: stream.opened, openedAt: state.opened };
  const group = openGroup({ key, stream: name, host, timeMs, ...opened });
  stream.opened += 1;
  state.opened += 1;
  stream.waiting.add(group);
  state.groups.set(key, group);
  state.streams.set(name, stream);
  return group;
}

/** Closes the oldest events while more wait than may, or for longer: a stream may end without a later event. */
export function closeOverdue(state: ReaderState, bounds: AuditdReaderSettings, results: ReaderResult[]): void {
  for (const group of state.groups.values()) {
    const isFull = state.chars > bounds.maxPendingChars || state.groups.size > bounds.maxPending;
    if (!isFull && state.opened - group.openedAt <= bounds.maxLaterInReader) return;
    results.push(closeEvent(state, bounds, group));
  }
}

/** Closes the events that were opened before the one of this number. */
export function closeOpened(state: ReaderState, bounds: AuditdReaderSettings, before: number): ReaderResult[] {
  const due = [...state.groups.values()].filter((group) => group.openedAt < before);
  return due.map((group) => closeEvent(state, bounds, group));
}

/**
 * The event's document. Of one given out before, a whole repeat is given again, which its id makes harmless; parts of it
 * that came late are no event of their own.
 */
export function closeEvent(
  state: ReaderState,
  bounds: AuditdReaderSettings,
  group: EventGroup,
  whole = bounds.wholeTexts || isWhole(group),
): ReaderResult {
  state.groups.delete(group.key);
  state.chars -= group.chars;
  const stream = state.streams.get(group.stream);
  stream?.waiting.delete(group);
  if (stream?.waiting.size === 0) state.streams.delete(group.stream);
  if (!whole && state.given.has(group.key)) return late(group);
  if ((group.parts & (part.exec | part.execve)) !== 0) remember(state.given, group.key, bounds.maxGiven);
  const event = assembleAuditEvent(group.lines);
  const host = event.node ?? group.host;
  const document: Document = host === undefined ? { auditd_event: event } : { auditd_event: event, host };
  const found = { kind: "document", document, records: group.records } as const;
  return event.incomplete ? { ...found, incomplete: true } : found;
}

function late(group: EventGroup): ReaderResult {
  const reason = "part of an event given out before";
  return { kind: "skipped", code: "auditd_record_late", reason, records: group.records };
}

function remember(keys: Set<string>, key: string, max: number): void {
  keys.delete(key);
  keys.add(key);
  if (keys.size <= max) return;
  for (const oldest of keys) {
    keys.delete(oldest);
    return;
  }
}

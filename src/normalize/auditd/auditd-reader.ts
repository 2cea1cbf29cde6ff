import type { Document } from "../../sdk/document.ts";
import type { ReaderResult, RecordPosition, RecordReader } from "../record-reader.ts";
import { type AuditLine, assembleAuditEvent } from "./assemble-event.ts";
import { addLine, type EventGroup, isWhole, openGroup, part } from "./event-group.ts";
import { type AuditdReaderSettings, defaultAuditdReaderSettings } from "./reader-settings.ts";
import { readState, writeState } from "./reader-state.ts";
import { scanAuditHeader } from "./scan-header.ts";
import { splitAuditText } from "./split-records.ts";

/** Records that programs write: each is an event of its own (kernel audit.h, numbers 1100 to 1299 and 2100 on). */
const singleRecord =
  /^(?:USER|CRED|DAEMON|SERVICE|SYSTEM|CRYPTO|ADD|DEL|GRP|ROLE|VIRT|ACCT|CHGRP|CHUSER|LABEL|USYS|TEST|TRUSTED|DEV|RESP|SOFTWARE)_|^USER$|^TEST$/;

/**
 * Reads Linux audit lines and gives one document per audit event: `{ auditd_event, host? }`.
 *
 * Records belong together by host, node, time and serial. An event ends when everything the kernel announced is there,
 * when the text that held all of it ends, or when later events of its stream (host, node, container) show that
 * nothing more will come. Counts and record times decide, never a clock.
 */
export function createAuditdReader(settings: Partial<AuditdReaderSettings> = {}): RecordReader {
  const bounds = { ...defaultAuditdReaderSettings, ...settings };
  const state: ReaderState = { groups: new Map(), streams: new Map(), opened: 0, chars: 0 };
  return {
    add: (record, text, host) => addText(state, bounds, record, text, host),
    flush: () => [...state.groups.values()].map((group) => close(state, group)),
    pending: () => writeState(state),
    restore: (text) => readState(text, state),
  };
}

export interface ReaderState {
  /** In the order they were opened. */
  readonly groups: Map<string, EventGroup>;
  /** Per stream: how many events it opened, and those that still wait, oldest first. */
  readonly streams: Map<string, Stream>;
  opened: number;
  chars: number;
}

interface Stream {
  opened: number;
  readonly waiting: Set<EventGroup>;
}

function addText(
  state: ReaderState,
  bounds: AuditdReaderSettings,
  record: RecordPosition,
  text: string,
  host: string | undefined,
): ReaderResult[] {
  const results: ReaderResult[] = [];
  const texts = splitAuditText(text);
  const touched = new Set<EventGroup>();
  for (const line of texts) addRecord(state, bounds, record, line, host, touched, results);
  // An end mark that comes with its event needs no result of its own.
  if (texts.length > 1 && results.some((result) => result.kind === "document")) dropEndMarks(results);
  if (texts.length === 0) results.push(rejected(record, "the text holds no audit record"));
  const open = [...touched].filter((group) => state.groups.get(group.key) === group);
  if (bounds.wholeTexts || isOneEvent(open, texts)) for (const group of open) results.push(close(state, group));
  return results;
}

/** A shipper that joins records joins those of one event: what such a text lacks is lost. */
function isOneEvent(open: readonly EventGroup[], texts: readonly string[]): boolean {
  const [only, ...others] = open;
  if (only === undefined || others.length > 0 || texts.length < 2) return false;
  return only.lines.length === texts.length && (only.parts & part.syscall) !== 0;
}

function addRecord(
  state: ReaderState,
  bounds: AuditdReaderSettings,
  record: RecordPosition,
  text: string,
  host: string | undefined,
  touched: Set<EventGroup>,
  results: ReaderResult[],
): void {
  const cut = text.length > bounds.maxLineChars;
  const line = cut ? text.slice(0, bounds.maxLineChars) : text;
  const header = scanAuditHeader(line);
  if (header === undefined) {
    results.push(rejected(record, "no type= and audit(time:serial)"));
    return;
  }
  const key = `${host ?? ""}\0${header.node ?? ""}\0${header.stamp}`;
  const known = state.groups.get(key);
  if (known === undefined && header.type === "EOE") {
    results.push({
      kind: "skipped",
      code: "auditd_end_mark",
      reason: "end mark of an event given out before",
      records: [record],
    });
    return;
  }
  const group = known ?? open(state, bounds, { key, host, record, line: { header, line, cut } }, results);
  const before = group.chars;
  addLine(group, record, { header, line, cut });
  state.chars += group.chars - before;
  touched.add(group);
  const ended = isWhole(group) || (known === undefined && singleRecord.test(header.type));
  if (ended && !bounds.wholeTexts) {
    touched.delete(group);
    results.push(close(state, group));
  }
  while (state.chars > bounds.maxPendingChars || state.groups.size > bounds.maxPending) closeOldest(state, results);
}

interface NewEvent {
  readonly key: string;
  readonly host: string | undefined;
  readonly record: RecordPosition;
  readonly line: AuditLine;
}

function dropEndMarks(results: ReaderResult[]): void {
  const kept = results.filter((result) => result.kind === "document" || result.code !== "auditd_end_mark");
  results.splice(0, results.length, ...kept);
}

/** Opens an event and closes those of its stream that it shows to be over. */
function open(state: ReaderState, bounds: AuditdReaderSettings, event: NewEvent, results: ReaderResult[]): EventGroup {
  const { node, timeMs } = event.line.header;
  const name = `${event.host ?? ""}\0${node ?? ""}\0${event.record.container}`;
  const stream = state.streams.get(name) ?? { opened: 0, waiting: new Set<EventGroup>() };
  state.streams.set(name, stream);
  for (const group of stream.waiting) {
    const later = stream.opened - group.openedInStream;
    if (later < bounds.maxLaterEvents && timeMs - group.timeMs <= bounds.timeoutMs) break;
    results.push(close(state, group));
  }
  const group = openGroup({
    key: event.key,
    stream: name,
    host: event.host,
    timeMs,
    openedInStream: stream.opened,
    openedAt: state.opened,
  });
  stream.opened += 1;
  state.opened += 1;
  stream.waiting.add(group);
  state.groups.set(event.key, group);
  state.streams.set(name, stream);
  return group;
}

function closeOldest(state: ReaderState, results: ReaderResult[]): void {
  for (const group of state.groups.values()) {
    results.push(close(state, group));
    return;
  }
}

function close(state: ReaderState, group: EventGroup): ReaderResult {
  state.groups.delete(group.key);
  state.chars -= group.chars;
  const stream = state.streams.get(group.stream);
  stream?.waiting.delete(group);
  if (stream?.waiting.size === 0) state.streams.delete(group.stream);
  const event = assembleAuditEvent(group.lines);
  const host = event.node ?? group.host;
  const document: Document = host === undefined ? { auditd_event: event } : { auditd_event: event, host };
  const found = { kind: "document", document, records: group.records } as const;
  return event.incomplete ? { ...found, incomplete: true } : found;
}

function rejected(record: RecordPosition, reason: string): ReaderResult {
  return { kind: "rejected", code: "auditd_line_unparsable", reason, records: [record] };
}

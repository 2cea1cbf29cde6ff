import { createOpenSince } from "../open-since.ts";
import type { ReaderResult, RecordPosition, RecordReader } from "../record-reader.ts";
import { addLine, type EventGroup, isWhole, part } from "./event-group.ts";
import { closeEvent, closeOpened, closeOverdue, newReaderState, openEvent, type ReaderState } from "./event-window.ts";
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
 * nothing more will come. Counts and record times decide; a clock only where `release` is called.
 */
export function createAuditdReader(settings: Partial<AuditdReaderSettings> = {}): RecordReader {
  const bounds = { ...defaultAuditdReaderSettings, ...settings };
  const state = newReaderState();
  const openSince = createOpenSince(bounds.releaseMs);
  return {
    add: (record, text, host) => addText(state, bounds, record, text, host),
    flush: () => [...state.groups.values()].map((group) => closeEvent(state, bounds, group)),
    release: (nowMs) => closeOpened(state, bounds, openSince(nowMs, state.opened)),
    pending: () => writeState(state),
    restore: (text) => readState(text, state),
  };
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
  if (bounds.wholeTexts || isOneEvent(open, texts))
    for (const group of open) results.push(closeEvent(state, bounds, group, true));
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
    results.push(skipped(record, { code: "auditd_end_mark", reason: "end mark of an event given out before" }));
    return;
  }
  if (known !== undefined && isRepeated(known, line)) {
    // Of a text that holds the line twice, the event has the record already.
    if (!touched.has(known)) {
      results.push(skipped(record, { code: "auditd_record_repeated", reason: "the record was read before" }));
    }
    return;
  }
  const group = known ?? openEvent(state, bounds, { key, host, record, line: { header, line, cut } }, results);
  const before = group.chars;
  addLine(group, record, { header, line, cut });
  state.chars += group.chars - before;
  touched.add(group);
  const ended = isWhole(group) || (known === undefined && singleRecord.test(header.type));
  if (ended && !bounds.wholeTexts) {
    touched.delete(group);
    results.push(closeEvent(state, bounds, group, true));
  }
  closeOverdue(state, bounds, results);
}

/** More records than any usual event has; beyond them a repeat is not looked for. */
const maxCompared = 64;

/** A source that looks back, or a shipper that was not sure, gives a record twice; no two of an event are alike. */
function isRepeated(group: EventGroup, line: string): boolean {
  return group.lines.length <= maxCompared && group.lines.some((one) => one.line === line);
}

function skipped(record: RecordPosition, why: { readonly code: string; readonly reason: string }): ReaderResult {
  return { kind: "skipped", ...why, records: [record] };
}

function dropEndMarks(results: ReaderResult[]): void {
  const kept = results.filter((result) => result.kind === "document" || result.code !== "auditd_end_mark");
  results.splice(0, results.length, ...kept);
}

function rejected(record: RecordPosition, reason: string): ReaderResult {
  return { kind: "rejected", code: "auditd_line_unparsable", reason, records: [record] };
}

import { hash } from "node:crypto";
import type { Event } from "../event/event.ts";
import { type EventFields, escapeKeyPart, joinKey } from "./reading.ts";
import type { RecordPosition } from "./record-reader.ts";

/** Where an event stands. */
export interface Place {
  readonly source: string;
  readonly record: RecordPosition;
  /** Which document within the record, e.g. `#3` of a list; empty for the record itself. */
  readonly within: string;
}

/** Builds the event of what a mapping read; deterministic, `text` is cut to `maxTextChars` (then `incomplete`). */
export function makeEvent(fields: EventFields, mapping: string, place: Place, maxTextChars: number): Event {
  const cut = fields.text.length > maxTextChars;
  const text = cut ? cutText(fields.text, maxTextChars) : fields.text;
  const session = sessionOf(fields, place.record.container);
  const event: Mutable<Event> = {
    id: eventId(fields, text, session.key, place),
    platform: fields.platform,
    text,
    sessionKey: session.key,
    sessionKeyFrom: session.from,
    mapping,
    origin: {
      source: place.source,
      container: place.record.container,
      document: place.record.id + place.within,
      sequence: place.record.sequence,
    },
  };
  addOptional(event, fields);
  if (cut || fields.incomplete) event.incomplete = true;
  return event;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addOptional(event: Mutable<Event>, fields: EventFields): void {
  if (fields.timeMs !== undefined) event.timeMs = fields.timeMs;
  if (fields.time !== undefined) event.time = fields.time;
  if (fields.host !== undefined) event.host = fields.host;
  if (fields.user !== undefined) event.user = fields.user;
  if (fields.executable !== undefined) event.executable = fields.executable;
  const parent = fields.parent?.trim();
  if (parent !== undefined && parent !== "") event.parent = parent;
  if (fields.facts !== undefined) event.facts = fields.facts;
}

/** Never ends between the halves of a surrogate pair. */
function cutText(text: string, maxChars: number): string {
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}

/**
 * `platform|scope|origin|value`: the scope is the host, or the container where the document names none, so that equal
 * session numbers of two machines stay apart. Kubernetes callers are told apart by who and where they are, so a cluster
 * that is not named leaves the scope empty.
 */
function sessionOf(fields: EventFields, container: string): { key: string; from: string } {
  const { session, platform, host, user } = fields;
  if (session !== undefined) {
    const unknown = platform === "k8s_audit" ? "" : container;
    const scope = session.scope === "platform" ? "" : (host ?? unknown);
    return { key: `${platform}|${escapeKeyPart(scope)}|${session.from}|${session.value}`, from: session.from };
  }
  if (host !== undefined || user !== undefined) {
    const from = "fallback:host+user";
    return { key: `${platform}|${joinKey([host ?? container, from, user ?? ""])}`, from };
  }
  const from = "fallback:container";
  return { key: `${platform}|${joinKey([container, from])}`, from };
}

const lineId = /^line:\d/;

/**
 * The event's own id where it has one, else the document's id in its source; a line number is no identity (files
 * rotate), so there the content counts too. Always within the container.
 */
function eventId(fields: EventFields, text: string, sessionKey: string, place: Place): string {
  const { container, id } = place.record;
  let identity: string;
  if (fields.id !== undefined) identity = `event\n${fields.id}\n${text}`;
  else if (!lineId.test(id)) identity = `document\n${id}${place.within}`;
  else identity = `content\n${id}${place.within}\n${fields.time ?? ""}\n${sessionKey}\n${text}`;
  // Not a slice of the hex text: that would keep all of it in memory for as long as the id lives.
  return hash("sha256", `${container}\n${identity}`, "buffer").toString("hex", 0, 16);
}

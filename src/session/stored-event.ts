import type { Platform } from "../event/event.ts";
import type { EventLog } from "./event-log.ts";
import type { SessionEvent } from "./event-store.ts";
import type { TagProfiles } from "./tag-profiles.ts";

/** The least that must be kept of an event to judge its session again. */
export interface StoredEvent {
  readonly sessionKey: string;
  readonly id: string;
  /** The time the tracker went by, also for an event that came without one. */
  readonly timeMs: number;
  readonly sequence: number;
  readonly platform: Platform;
  readonly host?: string;
  readonly user?: string;
  /** Best first: the selected tags, at least the two best. Place of the tag in the vocabulary, or id of a tag it lacks. */
  readonly labels: readonly (readonly [tag: number | string, score: number])[];
}

/** The stored form of the event at a position in event order of a session's log. */
export function storedEvent(profiles: TagProfiles, sessionKey: string, log: EventLog, position: number): StoredEvent {
  const { store } = log;
  const index = log.order[position] ?? 0;
  const place = log.placeAt(index);
  const start = index * store.width;
  const labels: [number | string, number][] = [];
  for (let i = start; i < start + (store.kept[index] ?? 0); i += 1) {
    const tag = store.tags[i] ?? 0;
    labels.push([tag < profiles.known ? tag : (profiles.ids[tag] ?? ""), store.scores[i] ?? 0]);
  }
  return {
    sessionKey,
    id: store.ids[index] ?? "",
    timeMs: store.times[index] ?? 0,
    sequence: store.sequences[index] ?? 0,
    platform: place?.platform ?? "linux",
    ...(place?.host === undefined ? {} : { host: place.host }),
    ...(place?.user === undefined ? {} : { user: place.user }),
    labels,
  };
}

/** A stored event in the form that a session's log takes in. */
export function restoredEvent(profiles: TagProfiles, stored: StoredEvent): SessionEvent {
  const { labels, sequence, ...event } = stored;
  return {
    event: { ...event, origin: { sequence } },
    topLabels: labels.map(([tag, score]) => ({
      label_id: typeof tag === "number" ? (profiles.ids[tag] ?? "") : tag,
      score,
      axis: "",
    })),
  };
}

import type { Event, Origin, Platform } from "../event/event.ts";
import type { LabelledEvent } from "../event/label.ts";
import { LabelColumns } from "./label-columns.ts";
import type { TagProfiles } from "./tag-profiles.ts";

/** What sessions read of a labelled event. */
export interface SessionEvent {
  readonly event: Pick<Event, "id" | "sessionKey" | "platform" | "timeMs" | "host" | "user"> & {
    readonly origin: Pick<Origin, "sequence">;
  };
  readonly topLabels: LabelledEvent["topLabels"];
}

/** Who and where; a session has few distinct ones. */
export interface Place {
  readonly platform: Platform;
  readonly host: string | undefined;
  readonly user: string | undefined;
}

/** Verdicts name at most 8 hosts and users, so no more places than this are told apart. */
const maxPlaces = 256;
/** Up to this many ids a scan is faster than a set. */
const scannedIds = 16;

/** The events of one session in columns, as they arrived, with their event order beside them. */
export class EventLog {
  readonly times: number[] = [];
  readonly sequences: number[] = [];
  readonly ids: string[] = [];
  readonly labels = new LabelColumns();
  /** Places in the columns, in event order. */
  readonly order: number[] = [];
  readonly #places: Place[] = [];
  readonly #placeOf: number[] = [];
  #known: Set<string> | undefined;

  get length(): number {
    return this.order.length;
  }

  has(id: string): boolean {
    return this.#known?.has(id) ?? this.ids.includes(id);
  }

  /** Adds an event that the log does not have; returns its position in event order. */
  append(profiles: TagProfiles, { event, topLabels }: SessionEvent, timeMs: number): number {
    const index = this.times.push(timeMs) - 1;
    this.sequences.push(event.origin.sequence);
    this.ids.push(event.id);
    this.labels.append(profiles, topLabels);
    this.#placeOf.push(this.#place(event.platform, event.host, event.user));
    this.#know(event.id);
    return this.#insert(index);
  }

  place(index: number): Place | undefined {
    return this.#places[this.#placeOf[index] ?? 0];
  }

  /** A log of the events from `position` in event order on. */
  from(position: number): EventLog {
    const rest = new EventLog();
    for (const index of this.order.slice(position)) {
      const place = this.place(index);
      rest.order.push(rest.times.push(this.times[index] ?? 0) - 1);
      rest.sequences.push(this.sequences[index] ?? 0);
      rest.ids.push(this.ids[index] ?? "");
      rest.labels.copy(this.labels, index);
      rest.#placeOf.push(place === undefined ? 0 : rest.#place(place.platform, place.host, place.user));
      rest.#know(this.ids[index] ?? "");
    }
    return rest;
  }

  #place(platform: Platform, host: string | undefined, user: string | undefined): number {
    const places = this.#places;
    for (let i = places.length - 1; i >= 0; i -= 1) {
      const place = places[i];
      if (place !== undefined && place.host === host && place.user === user && place.platform === platform) return i;
    }
    return places.length < maxPlaces ? places.push({ platform, host, user }) - 1 : 0;
  }

  #know(id: string): void {
    if (this.#known !== undefined) this.#known.add(id);
    else if (this.ids.length > scannedIds) this.#known = new Set(this.ids);
  }

  #insert(index: number): number {
    const { order } = this;
    let low = 0;
    let high = order.length;
    // Nearly all events are the newest; the search is for the others.
    if (high === 0 || this.#isBefore(order[high - 1] ?? 0, index)) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(order[middle] ?? 0, index)) low = middle + 1;
      else high = middle;
    }
    if (low === order.length) order.push(index);
    else order.splice(low, 0, index);
    return low;
  }

  /** As `compareEventOrder`, without making objects. */
  #isBefore(a: number, b: number): boolean {
    const time = (this.times[a] ?? 0) - (this.times[b] ?? 0);
    if (time !== 0) return time < 0;
    const sequence = (this.sequences[a] ?? 0) - (this.sequences[b] ?? 0);
    if (sequence !== 0) return sequence < 0;
    return (this.ids[a] ?? "") < (this.ids[b] ?? "");
  }
}

import type { Platform } from "../event/event.ts";
import type { EventStore, SessionEvent } from "./event-store.ts";

/** Who and where; a session has few distinct ones. */
export interface Place {
  readonly platform: Platform;
  readonly host: string | undefined;
  readonly user: string | undefined;
}

/** Verdicts name at most 8 hosts and users, so no more places than this are told apart. */
const maxPlaces = 255;

/** The retained events of one session in event order. */
export class EventLog {
  readonly store: EventStore;
  /** Their places in the store. */
  readonly order: number[] = [];
  readonly #places: Place[] = [];
  /** Number of the session in the store. */
  readonly #owner: number;

  constructor(store: EventStore, owner: number) {
    this.store = store;
    this.#owner = owner;
  }

  get length(): number {
    return this.order.length;
  }

  has(id: string): boolean {
    return this.store.has(this.#owner, id);
  }

  /** Takes in an event; returns its position in event order, or -1 when the log has it already. */
  add(event: SessionEvent, timeMs: number): number {
    const { platform, host, user } = event.event;
    const place = this.#placeOf(platform, host, user);
    const index = this.store.add(event, timeMs, this.#owner, place);
    return index < 0 ? index : this.#insert(index);
  }

  /** Time of the event at a position in event order. */
  timeAt(position: number): number {
    return this.store.times[this.order[position] ?? 0] ?? 0;
  }

  /** Where the event at a place of the store happened. */
  placeAt(index: number): Place | undefined {
    return this.#places[this.store.places[index] ?? 0];
  }

  /** Forgets the first `count` events. */
  forget(count: number): void {
    for (const index of this.order.splice(0, count)) this.store.remove(index);
  }

  #placeOf(platform: Platform, host: string | undefined, user: string | undefined): number {
    const places = this.#places;
    for (let i = places.length - 1; i >= 0; i -= 1) {
      const place = places[i];
      if (place !== undefined && place.host === host && place.user === user && place.platform === platform) return i;
    }
    return places.length < maxPlaces ? places.push({ platform, host, user }) - 1 : 0;
  }

  #insert(index: number): number {
    const { order, store } = this;
    let low = 0;
    let high = order.length;
    // Nearly all events are the newest; the search is for the others.
    if (high === 0 || store.isBefore(order[high - 1] ?? 0, index)) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (store.isBefore(order[middle] ?? 0, index)) low = middle + 1;
      else high = middle;
    }
    if (low === order.length) order.push(index);
    else order.splice(low, 0, index);
    return low;
  }
}

import type { Event, Origin } from "../event/event.ts";
import type { Label } from "../event/label.ts";
import { countSelected } from "../event/select-tags.ts";
import { IdTable } from "./id-table.ts";
import type { TagProfiles } from "./tag-profiles.ts";

/** What sessions read of a labelled event. */
export interface SessionEvent {
  readonly event: Pick<Event, "id" | "sessionKey" | "platform" | "timeMs" | "host" | "user"> & {
    readonly origin: Pick<Origin, "sequence">;
  };
  readonly topLabels: readonly Label[];
}

/** Margins are made of the two best labels, so these are kept even when they are not selected. */
const minKept = 2;
const firstCapacity = 1024;

/**
 * Events of all sessions in columns: one place an event, given back when the event is forgotten. Columns of numbers
 * instead of objects, since there may be a million events and the collector would walk them all.
 */
export class EventStore {
  times = new Float64Array(firstCapacity);
  sequences = new Float64Array(firstCapacity);
  /** Labels best first, `width` places an event: tag index and score. */
  tags: Uint16Array;
  scores: Float64Array;
  /** Number of labels that are kept, and of those that are selected tags. */
  kept = new Uint8Array(firstCapacity);
  selected = new Uint8Array(firstCapacity);
  /** Number of the session it belongs to. */
  owners = new Int32Array(firstCapacity);
  /** Where it happened: position in its session's list of places. */
  places = new Uint8Array(firstCapacity);
  readonly ids: string[] = [];
  readonly width: number;
  /** Events held. */
  count = 0;
  readonly #profiles: TagProfiles;
  readonly #free: number[] = [];
  readonly #known = new IdTable(this);

  constructor(profiles: TagProfiles) {
    this.#profiles = profiles;
    this.width = Math.max(minKept, profiles.selection.maxTags);
    this.tags = new Uint16Array(firstCapacity * this.width);
    this.scores = new Float64Array(firstCapacity * this.width);
  }

  /** Whether a session has an event of this id. */
  has(owner: number, id: string): boolean {
    return this.#known.has(owner, id);
  }

  /** Takes in an event with its labels in any order; returns its place, or -1 when its session has one of this id. */
  add({ event, topLabels }: SessionEvent, timeMs: number, owner: number, place: number): number {
    const index = this.#free.at(-1) ?? this.#grow();
    if (!this.#known.add(owner, event.id, index)) return -1;
    this.#free.pop();
    this.ids[index] = event.id;
    this.owners[index] = owner;
    this.times[index] = timeMs;
    this.sequences[index] = event.origin.sequence;
    this.places[index] = place;
    this.#addLabels(index, topLabels);
    this.count += 1;
    return index;
  }

  remove(index: number): void {
    this.#known.remove(index);
    this.ids[index] = "";
    this.#free.push(index);
    this.count -= 1;
  }

  /** As `compareEventOrder`, without making objects. */
  isBefore(a: number, b: number): boolean {
    const time = (this.times[a] ?? 0) - (this.times[b] ?? 0);
    if (time !== 0) return time < 0;
    const sequence = (this.sequences[a] ?? 0) - (this.sequences[b] ?? 0);
    if (sequence !== 0) return sequence < 0;
    return (this.ids[a] ?? "") < (this.ids[b] ?? "");
  }

  #addLabels(index: number, labels: readonly Label[]): void {
    const ranked = isRanked(labels) ? labels : rank(labels);
    const selected = countSelected(ranked, this.#profiles.selection);
    const kept = Math.min(ranked.length, Math.max(minKept, selected));
    const start = index * this.width;
    for (let i = 0; i < kept; i += 1) {
      const label = ranked[i];
      if (label === undefined) break;
      this.tags[start + i] = this.#profiles.indexOf(label.label_id);
      this.scores[start + i] = label.score;
    }
    this.kept[index] = kept;
    this.selected[index] = selected;
  }

  #grow(): number {
    const index = this.ids.length;
    if (index < this.times.length) return index;
    // Memory that is not written to yet costs nothing, so the next size may be far larger: fewer copies.
    const capacity = index * 4;
    this.times = copyInto(new Float64Array(capacity), this.times);
    this.sequences = copyInto(new Float64Array(capacity), this.sequences);
    this.tags = copyInto(new Uint16Array(capacity * this.width), this.tags);
    this.scores = copyInto(new Float64Array(capacity * this.width), this.scores);
    this.kept = copyInto(new Uint8Array(capacity), this.kept);
    this.selected = copyInto(new Uint8Array(capacity), this.selected);
    this.owners = copyInto(new Int32Array(capacity), this.owners);
    this.places = copyInto(new Uint8Array(capacity), this.places);
    return index;
  }
}

function copyInto<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(larger: T, from: T): T {
  larger.set(from);
  return larger;
}

function isRanked(labels: readonly Label[]): boolean {
  let previous = Number.MAX_VALUE;
  for (let i = 0; i < labels.length; i += 1) {
    const score = labels[i]?.score ?? Number.NaN;
    if (!(score <= previous && score >= -Number.MAX_VALUE)) return false;
    previous = score;
  }
  return true;
}

function rank(labels: readonly Label[]): Label[] {
  return labels.filter((label) => Number.isFinite(label.score)).sort((a, b) => b.score - a.score);
}

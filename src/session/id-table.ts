import type { EventStore } from "./event-store.ts";

const firstSize = 2048;

/**
 * Which event ids each session has, as places in the store: an open hash table of numbers. Sets of strings per session
 * would do the same with several times the memory and a walk through scattered objects for every event.
 */
export class IdTable {
  readonly #store: EventStore;
  /** Pairs: hash, and place in the store plus one (0: empty). */
  #cells = new Int32Array(firstSize * 2);
  #mask = firstSize - 1;
  #count = 0;

  constructor(store: EventStore) {
    this.#store = store;
  }

  has(owner: number, id: string): boolean {
    const cells = this.#cells;
    const hash = hashOf(owner, id);
    for (let cell = hash & this.#mask; ; cell = (cell + 1) & this.#mask) {
      const place = (cells[cell * 2 + 1] ?? 0) - 1;
      if (place < 0) return false;
      if (cells[cell * 2] === hash && this.#store.owners[place] === owner && this.#store.ids[place] === id) return true;
    }
  }

  /** Adds the event at a place of the store, which the table does not have. */
  add(place: number): void {
    if (this.#count * 2 > this.#mask) this.#grow();
    this.#put(this.#hashAt(place), place + 1);
    this.#count += 1;
  }

  /** Removes the event at a place of the store; entries behind it move up, so that no search ends early. */
  remove(place: number): void {
    const cells = this.#cells;
    const mask = this.#mask;
    let hole = this.#hashAt(place) & mask;
    while (cells[hole * 2 + 1] !== place + 1) {
      if (cells[hole * 2 + 1] === 0) return;
      hole = (hole + 1) & mask;
    }
    for (let cell = (hole + 1) & mask; cells[cell * 2 + 1] !== 0; cell = (cell + 1) & mask) {
      const home = (cells[cell * 2] ?? 0) & mask;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      cells[hole * 2] = cells[cell * 2] ?? 0;
      cells[hole * 2 + 1] = cells[cell * 2 + 1] ?? 0;
      hole = cell;
    }
    cells[hole * 2 + 1] = 0;
    this.#count -= 1;
  }

  #hashAt(place: number): number {
    return hashOf(this.#store.owners[place] ?? 0, this.#store.ids[place] ?? "");
  }

  #put(hash: number, value: number): void {
    const cells = this.#cells;
    let cell = hash & this.#mask;
    while (cells[cell * 2 + 1] !== 0) cell = (cell + 1) & this.#mask;
    cells[cell * 2] = hash;
    cells[cell * 2 + 1] = value;
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 2);
    this.#mask = old.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      const value = old[i + 1] ?? 0;
      if (value !== 0) this.#put(old[i] ?? 0, value);
    }
  }
}

/** FNV-1a over the characters, then mixed, since the low bits choose the cell. */
function hashOf(owner: number, id: string): number {
  let hash = owner ^ 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

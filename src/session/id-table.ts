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
    return this.#cells[this.#find(owner, id, hashOf(owner, id)) * 2 + 1] !== 0;
  }

  /** Notes that the event at a place of the store has this id; false when the session has such an event already. */
  add(owner: number, id: string, place: number): boolean {
    if (this.#count * 2 > this.#mask) this.#grow();
    const hash = hashOf(owner, id);
    const cell = this.#find(owner, id, hash);
    if (this.#cells[cell * 2 + 1] !== 0) return false;
    this.#cells[cell * 2] = hash;
    this.#cells[cell * 2 + 1] = place + 1;
    this.#count += 1;
    return true;
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

  /** The cell that holds the id, or the empty one where it belongs. */
  #find(owner: number, id: string, hash: number): number {
    const cells = this.#cells;
    const mask = this.#mask;
    for (let cell = hash & mask; ; cell = (cell + 1) & mask) {
      const place = (cells[cell * 2 + 1] ?? 0) - 1;
      if (place < 0) return cell;
      if (cells[cell * 2] === hash && this.#store.owners[place] === owner && this.#store.ids[place] === id) return cell;
    }
  }

  #grow(): void {
    const old = this.#cells;
    const size = old.length * 2; // four times the cells: growing means placing every event anew
    const mask = size - 1;
    const cells = new Int32Array(size * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      let cell = (old[i] ?? 0) & mask;
      while (cells[cell * 2 + 1] !== 0) cell = (cell + 1) & mask;
      cells[cell * 2] = old[i] ?? 0;
      cells[cell * 2 + 1] = old[i + 1] ?? 0;
    }
    this.#cells = cells;
    this.#mask = mask;
  }
}

/** Four characters a step; the mixing at the end matters, since the low bits choose the cell. */
function hashOf(owner: number, id: string): number {
  let hash = owner ^ 0x811c9dc5;
  let i = 0;
  for (; i + 3 < id.length; i += 4) {
    const four =
      id.charCodeAt(i) ^ (id.charCodeAt(i + 1) << 8) ^ (id.charCodeAt(i + 2) << 16) ^ (id.charCodeAt(i + 3) << 24);
    hash = Math.imul(hash ^ four, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Up to this many keys a scan is faster than a hash. */
const scanned = 8;

/** Small integer keys to slots 0, 1, 2, … in order of arrival; most sessions see few keys, so it starts without a hash. */
export class SlotTable {
  readonly keys: number[] = [];
  #slots: Int32Array | undefined;

  /** Slot of the key; a new key gets the next slot, `keys.length - 1` afterwards. */
  slotOf(key: number): number {
    const slots = this.#slots;
    return slots === undefined ? this.#scan(key) : this.#probe(slots, key);
  }

  #scan(key: number): number {
    const { keys } = this;
    for (let slot = 0; slot < keys.length; slot += 1) {
      if (keys[slot] === key) return slot;
    }
    keys.push(key);
    if (keys.length > scanned) this.#rehash(scanned * 4);
    return keys.length - 1;
  }

  #probe(slots: Int32Array, key: number): number {
    const mask = slots.length - 1;
    let place = hash(key) & mask;
    for (;;) {
      const slot = (slots[place] ?? 0) - 1;
      if (slot < 0) break;
      if (this.keys[slot] === key) return slot;
      place = (place + 1) & mask;
    }
    slots[place] = this.keys.push(key);
    if (this.keys.length * 2 > slots.length) this.#rehash(slots.length * 2);
    return this.keys.length - 1;
  }

  #rehash(size: number): void {
    const slots = new Int32Array(size);
    const mask = size - 1;
    for (let slot = 0; slot < this.keys.length; slot += 1) {
      let place = hash(this.keys[slot] ?? 0) & mask;
      while (slots[place] !== 0) place = (place + 1) & mask;
      slots[place] = slot + 1;
    }
    this.#slots = slots;
  }
}

/** Fibonacci hashing; the high bits are the mixed ones. */
function hash(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 15;
}

/** Something to be looked at at a time. */
export interface Due {
  dueMs: number;
}

/** A binary heap by time. An item moved to an earlier time leaves its old entry behind, which is passed over. */
export class DeadlineQueue<T extends Due> {
  readonly #times: number[] = [];
  readonly #items: T[] = [];

  /** Has the item looked at at `dueMs`, unless that happens earlier anyway. */
  schedule(item: T, dueMs: number): void {
    if (item.dueMs <= dueMs) return;
    item.dueMs = dueMs;
    this.#times.push(dueMs);
    this.#items.push(item);
    this.#rise(this.#times.length - 1);
  }

  /** Takes out all items due before `nowMs`; each must be scheduled again to come up again. */
  takeDue(nowMs: number): T[] {
    const due: T[] = [];
    while ((this.#times[0] ?? Number.POSITIVE_INFINITY) < nowMs) {
      const timeMs = this.#times[0];
      const item = this.#pop();
      if (item === undefined || item.dueMs !== timeMs) continue;
      item.dueMs = Number.POSITIVE_INFINITY;
      due.push(item);
    }
    return due;
  }

  #pop(): T | undefined {
    const top = this.#items[0];
    const time = this.#times.pop();
    const item = this.#items.pop();
    if (time !== undefined && item !== undefined && this.#items.length > 0) {
      this.#times[0] = time;
      this.#items[0] = item;
      this.#sink();
    }
    return top;
  }

  #rise(from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (this.#timeAt(parent) <= this.#timeAt(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #sink(): void {
    let parent = 0;
    for (;;) {
      const left = parent * 2 + 1;
      const child = this.#timeAt(left + 1) < this.#timeAt(left) ? left + 1 : left;
      if (this.#timeAt(child) >= this.#timeAt(parent)) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #timeAt(place: number): number {
    return this.#times[place] ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    swap(this.#times, a, b);
    swap(this.#items, a, b);
  }
}

function swap<V>(values: V[], a: number, b: number): void {
  const [first, second] = [values[a], values[b]];
  if (first === undefined || second === undefined) return;
  values[a] = second;
  values[b] = first;
}

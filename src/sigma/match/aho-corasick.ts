/** Is told of every place where a needle ends. */
export interface NeedleSink {
  /** `needle` is its index in the list the automaton was built from; `end` is the offset after its last unit. */
  onNeedle(needle: number, end: number): void;
}

/**
 * Finds all of many needles in one pass over a text (Aho and Corasick, 1975). States are numbered breadth first, so the children of
 * a state are neighbours and a state takes 18 bytes, whatever the alphabet.
 */
export class AhoCorasick {
  readonly #label: Uint16Array;
  readonly #firstChild: Int32Array;
  readonly #failure: Int32Array;
  /** Needle that ends in the state, or -1. */
  readonly #needle: Int32Array;
  /** The nearest state down the failure links, this one included, where a needle ends; 0 for none. */
  readonly #output: Int32Array;
  readonly #rootChild = new Int32Array(128);
  readonly #lengths: Int32Array;

  /** Needles must be different and not empty. */
  constructor(needles: readonly string[]) {
    const trie = buildTrie(needles);
    this.#label = trie.label;
    this.#firstChild = trie.firstChild;
    this.#needle = trie.needle;
    this.#lengths = Int32Array.from(needles, (needle) => needle.length);
    this.#failure = new Int32Array(trie.label.length);
    this.#output = new Int32Array(trie.label.length);
    for (let child = 1; child < (trie.firstChild[1] ?? 1); child += 1) {
      const label = trie.label[child] ?? 0;
      if (label < 128) this.#rootChild[label] = child;
    }
    this.#link(trie.parent);
  }

  /** Length of a needle. */
  lengthOf(needle: number): number {
    return this.#lengths[needle] ?? 0;
  }

  scan(text: string, sink: NeedleSink): void {
    const failure = this.#failure;
    const output = this.#output;
    let state = 0;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      let next = this.#child(state, unit);
      while (next === 0 && state !== 0) {
        state = failure[state] ?? 0;
        next = this.#child(state, unit);
      }
      state = next;
      let found = output[state] ?? 0;
      while (found !== 0) {
        sink.onNeedle(this.#needle[found] ?? 0, index + 1);
        found = output[failure[found] ?? 0] ?? 0;
      }
    }
  }

  #child(state: number, unit: number): number {
    if (state === 0 && unit < 128) return this.#rootChild[unit] ?? 0;
    let low = this.#firstChild[state] ?? 0;
    let high = this.#firstChild[state + 1] ?? 0;
    if (high - low === 1) return this.#label[low] === unit ? low : 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      const label = this.#label[middle] ?? 0;
      if (label === unit) return middle;
      if (label < unit) low = middle + 1;
      else high = middle;
    }
    return 0;
  }

  #link(parents: Int32Array): void {
    for (let state = 1; state < this.#label.length; state += 1) {
      const parent = parents[state] ?? 0;
      if (parent !== 0) {
        const label = this.#label[state] ?? 0;
        let back = this.#failure[parent] ?? 0;
        let target = this.#child(back, label);
        while (target === 0 && back !== 0) {
          back = this.#failure[back] ?? 0;
          target = this.#child(back, label);
        }
        this.#failure[state] = target;
      }
      const ends = (this.#needle[state] ?? -1) >= 0;
      this.#output[state] = ends ? state : (this.#output[this.#failure[state] ?? 0] ?? 0);
    }
  }
}

interface Trie {
  readonly label: Uint16Array;
  readonly parent: Int32Array;
  readonly firstChild: Int32Array;
  readonly needle: Int32Array;
}

/** Lays the needles out breadth first; a state is a run of sorted needles that share a start. */
function buildTrie(needles: readonly string[]): Trie {
  const order = needles.map((_, index) => index).sort((a, b) => compareUnits(needles[a] ?? "", needles[b] ?? ""));
  const sorted = order.map((index) => needles[index] ?? "");
  const limit = sorted.reduce((sum, needle) => sum + needle.length, 1);
  const low = new Int32Array(limit);
  const high = new Int32Array(limit);
  const depth = new Int32Array(limit);
  const label = new Uint16Array(limit);
  const parent = new Int32Array(limit);
  const firstChild = new Int32Array(limit + 1);
  const needle = new Int32Array(limit).fill(-1);
  high[0] = sorted.length;
  let count = 1;
  for (let state = 0; state < count; state += 1) {
    firstChild[state] = count;
    const at = depth[state] ?? 0;
    const end = high[state] ?? 0;
    let start = low[state] ?? 0;
    if (state > 0 && sorted[start]?.length === at) {
      needle[state] = order[start] ?? -1;
      start += 1;
    }
    while (start < end) {
      const unit = sorted[start]?.charCodeAt(at) ?? 0;
      let stop = start + 1;
      while (stop < end && sorted[stop]?.charCodeAt(at) === unit) stop += 1;
      low[count] = start;
      high[count] = stop;
      depth[count] = at + 1;
      label[count] = unit;
      parent[count] = state;
      count += 1;
      start = stop;
    }
  }
  firstChild[count] = count;
  return {
    label: label.slice(0, count),
    parent: parent.slice(0, count),
    firstChild: firstChild.slice(0, count + 1),
    needle: needle.slice(0, count),
  };
}

function compareUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

import { AhoCorasick } from "./aho-corasick.ts";
import { CidrTrie } from "./cidr-trie.ts";
import type { Network } from "./ip-address.ts";
import { parseAddress } from "./ip-address.ts";
import { type EventScalar, foldCase, numberOf, textOf } from "./scalar.ts";

/** Is told which atoms a leaf satisfies; may hear of one more than once. */
export interface AtomSink {
  hit(atom: number): void;
}

/** What a needle found in a leaf means for an atom. `check` is the whole test, on the leaf's text and its folded text. */
export type NeedleUse =
  | { readonly atom: number; readonly place: "anywhere" | "start" | "end" }
  | { readonly atom: number; readonly place: "check"; readonly check: (text: string, folded: string) => boolean };

/** Collects what atoms look for in the leaves of one field, then `build` makes the index. */
export class ScanIndexBuilder {
  readonly #exact = new Map<string, number[]>();
  readonly #exactCased = new Map<string, number[]>();
  readonly #numbers = new Map<number, number[]>();
  readonly #needles = new Map<string, NeedleUse[]>();
  #networks: CidrTrie | undefined;

  addExact(text: string, cased: boolean, atom: number): void {
    append(cased ? this.#exactCased : this.#exact, text, atom);
  }

  addNumber(value: number, atom: number): void {
    append(this.#numbers, value, atom);
  }

  addNetwork(network: Network, atom: number): void {
    this.#networks ??= new CidrTrie();
    this.#networks.add(network, atom);
  }

  /** `needle` is folded and not empty. */
  addNeedle(needle: string, use: NeedleUse): void {
    append(this.#needles, needle, use);
  }

  build(): ScanIndex {
    return new ScanIndex(this.#exact, this.#exactCased, this.#numbers, this.#needles, this.#networks);
  }
}

function append<Key, Entry>(map: Map<Key, Entry[]>, key: Key, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

/** Finds the atoms that a leaf satisfies: exact texts and numbers by hash, parts by Aho-Corasick, networks by trie. */
export class ScanIndex {
  readonly #exact: ReadonlyMap<string, readonly number[]>;
  readonly #exactCased: ReadonlyMap<string, readonly number[]>;
  readonly #numbers: ReadonlyMap<number, readonly number[]>;
  readonly #networks: CidrTrie | undefined;
  readonly #automaton: AhoCorasick | undefined;
  readonly #uses: readonly (readonly NeedleUse[])[];
  /** Per needle, the last leaf whose checks were run: once a leaf is enough, however often the needle is in it. */
  readonly #checkedLeaf: Int32Array;
  #leaf = 0;
  #text = "";
  #folded = "";
  #sink: AtomSink | undefined;

  constructor(
    exact: ReadonlyMap<string, readonly number[]>,
    exactCased: ReadonlyMap<string, readonly number[]>,
    numbers: ReadonlyMap<number, readonly number[]>,
    needles: ReadonlyMap<string, readonly NeedleUse[]>,
    networks: CidrTrie | undefined,
  ) {
    this.#exact = exact;
    this.#exactCased = exactCased;
    this.#numbers = numbers;
    this.#networks = networks;
    this.#uses = [...needles.values()];
    this.#checkedLeaf = new Int32Array(needles.size);
    this.#automaton = needles.size === 0 ? undefined : new AhoCorasick([...needles.keys()]);
  }

  scan(scalar: EventScalar, sink: AtomSink): void {
    const text = textOf(scalar);
    const folded = foldCase(text);
    hitAll(this.#exact.get(folded), sink);
    if (this.#exactCased.size > 0) hitAll(this.#exactCased.get(text), sink);
    if (this.#numbers.size > 0) {
      const value = numberOf(scalar);
      if (value !== undefined) hitAll(this.#numbers.get(value), sink);
    }
    if (this.#networks !== undefined && typeof scalar === "string") {
      const address = parseAddress(scalar);
      if (address !== undefined) this.#networks.find(address, (atom) => sink.hit(atom));
    }
    if (this.#automaton !== undefined) {
      this.#leaf = (this.#leaf + 1) & 0x7f_ff_ff_ff;
      this.#text = text;
      this.#folded = folded;
      this.#sink = sink;
      this.#automaton.scan(folded, this);
    }
  }

  /** Called by the automaton for each needle in the leaf being scanned. */
  onNeedle(needle: number, end: number): void {
    const uses = this.#uses[needle] ?? [];
    const checked = this.#checkedLeaf[needle] === this.#leaf;
    this.#checkedLeaf[needle] = this.#leaf;
    for (let index = 0; index < uses.length; index += 1) {
      const use = uses[index];
      if (use !== undefined && this.#holds(use, needle, end, checked)) this.#sink?.hit(use.atom);
    }
  }

  #holds(use: NeedleUse, needle: number, end: number, checked: boolean): boolean {
    switch (use.place) {
      case "anywhere":
        return !checked;
      case "start":
        return end === (this.#automaton?.lengthOf(needle) ?? 0);
      case "end":
        return end === this.#folded.length;
      case "check":
        return !checked && use.check(this.#text, this.#folded);
    }
  }
}

function hitAll(atoms: readonly number[] | undefined, sink: AtomSink): void {
  if (atoms === undefined) return;
  for (let index = 0; index < atoms.length; index += 1) sink.hit(atoms[index] ?? 0);
}

import type { Document } from "../sdk/document.ts";
import { clausesOf } from "./key-clauses.ts";
import type { Condition } from "./mapping-schema.ts";

const bitsPerWord = 26;
const words = 4;
const maxCached = 4096;
const maxKeyChars = 128;

/** A set of top-level names as two numbers of 52 bits. */
export interface KeySet {
  readonly low: number;
  readonly high: number;
}

/** Which of some conditions the names of a document's top-level keys leave possible. */
export interface KeyIndex {
  /** The names of a document that conditions care about; a dotted key counts as its first name. */
  readonly keysOf: (document: Document) => KeySet;
  /** The positions of the conditions that a set of names does not rule out. */
  readonly possible: (keys: KeySet) => readonly number[];
  /** The names that conditions care about and a set lacks. */
  readonly missing: (keys: KeySet) => ReadonlySet<string>;
}

/** Each condition says which names must be there; a document's names make a bit set. */
export function createKeyIndex(conditions: readonly Condition[]): KeyIndex {
  const clauses = conditions.map(clausesOf);
  const bits = numberNames(clauses.flat());
  const masks = clauses.map((list) => list.map((clause) => maskOf(clause, bits)));
  const bitOf = cacheBits(bits);
  return {
    keysOf(document) {
      const set = [0, 0, 0, 0];
      for (const key in document) {
        const bit = bitOf(key);
        if (bit >= 0) setBit(set, bit);
      }
      return join(set);
    },
    possible: (keys) => {
      const set = split(keys);
      return masks.flatMap((list, index) => (list.every((mask) => meets(mask, set)) ? [index] : []));
    },
    missing: (keys) => {
      const set = split(keys);
      const lacks = (bit: number): boolean => ((set[wordOf(bit)] ?? 0) & (1 << (bit % bitsPerWord))) === 0;
      return new Set([...bits].filter(([, bit]) => lacks(bit)).map(([name]) => name));
    },
  };
}

/** Names past the last word get no bit; clauses that use one always count as met. */
function numberNames(clauses: readonly ReadonlySet<string>[]): Map<string, number> {
  const names = new Set(clauses.flatMap((clause) => [...clause]));
  return new Map([...names].slice(0, words * bitsPerWord).map((name, index) => [name, index]));
}

/** Undefined: always met. */
type Mask = readonly number[] | undefined;

function maskOf(clause: ReadonlySet<string>, bits: ReadonlyMap<string, number>): Mask {
  const set = [0, 0, 0, 0];
  for (const name of clause) {
    const bit = bits.get(name);
    if (bit === undefined) return undefined;
    setBit(set, bit);
  }
  return set;
}

function wordOf(bit: number): number {
  return (bit / bitsPerWord) | 0;
}

function setBit(set: number[], bit: number): void {
  const word = wordOf(bit);
  set[word] = (set[word] ?? 0) | (1 << (bit % bitsPerWord));
}

function join(set: readonly number[]): KeySet {
  const [a = 0, b = 0, c = 0, d = 0] = set;
  return { low: b * 2 ** bitsPerWord + a, high: d * 2 ** bitsPerWord + c };
}

function split({ low, high }: KeySet): number[] {
  const upper = 2 ** bitsPerWord;
  return [low % upper, Math.floor(low / upper), high % upper, Math.floor(high / upper)];
}

function meets(mask: Mask, set: readonly number[]): boolean {
  return mask === undefined || mask.some((word, index) => (word & (set[index] ?? 0)) !== 0);
}

function cacheBits(bits: ReadonlyMap<string, number>): (key: string) => number {
  const cache = new Map<string, number>();
  return (key) => {
    const known = cache.get(key);
    if (known !== undefined) return known;
    const dot = key.indexOf(".");
    const bit = bits.get(dot < 0 ? key : key.slice(0, dot)) ?? -1;
    if (cache.size < maxCached && key.length <= maxKeyChars) cache.set(key, bit);
    return bit;
  };
}

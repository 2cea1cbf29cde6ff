import type { Document } from "../sdk/document.ts";
import { clausesOf } from "./key-clauses.ts";
import type { Mapping } from "./mapping-schema.ts";

/** The mappings that may recognise a document, best first. Each still has to test its conditions. */
export type Recogniser<T> = (document: Document) => readonly T[];

interface Candidate {
  readonly mapping: Mapping;
}

const bitsPerWord = 26;
const maxCached = 4096;
const maxKeyChars = 128;

/**
 * Decides by the names of the top-level keys alone: each mapping's conditions say which names must be there, the
 * names a document has make a bit set, and the set's answer is remembered. A dotted key counts as its first name.
 */
export function createRecogniser<T extends Candidate>(mappings: readonly T[]): Recogniser<T> {
  const ordered = [...mappings].sort(byPrecedence);
  const gates = ordered.map((mapping) => ({ mapping, clauses: clausesOf(mapping.mapping.recognise) }));
  const bits = numberNames(gates.flatMap((gate) => gate.clauses));
  const masked = gates.map((gate) => ({ mapping: gate.mapping, clauses: gate.clauses.map((c) => maskOf(c, bits)) }));
  const bitOf = cacheBits(bits);
  const answers = new Map<number, readonly T[]>();
  return (document) => {
    let low = 0;
    let high = 0;
    for (const key in document) {
      const bit = bitOf(key);
      if (bit < 0) continue;
      if (bit < bitsPerWord) low |= 1 << bit;
      else high |= 1 << (bit - bitsPerWord);
    }
    const set = high * 2 ** bitsPerWord + low;
    const known = answers.get(set);
    if (known !== undefined) return known;
    const answer = masked.filter((gate) => gate.clauses.every((c) => meets(c, low, high))).map((gate) => gate.mapping);
    if (answers.size < maxCached) answers.set(set, answer);
    return answer;
  };
}

function byPrecedence(a: Candidate, b: Candidate): number {
  return b.mapping.precedence - a.mapping.precedence || (a.mapping.name < b.mapping.name ? -1 : 1);
}

/** Names past the two words get no bit; clauses that use one always count as met. */
function numberNames(clauses: readonly ReadonlySet<string>[]): Map<string, number> {
  const names = new Set(clauses.flatMap((clause) => [...clause]));
  return new Map([...names].slice(0, 2 * bitsPerWord).map((name, index) => [name, index]));
}

interface Mask {
  readonly low: number;
  readonly high: number;
  readonly open: boolean;
}

function maskOf(clause: ReadonlySet<string>, bits: ReadonlyMap<string, number>): Mask {
  let low = 0;
  let high = 0;
  let open = false;
  for (const name of clause) {
    const bit = bits.get(name);
    if (bit === undefined) open = true;
    else if (bit < bitsPerWord) low |= 1 << bit;
    else high |= 1 << (bit - bitsPerWord);
  }
  return { low, high, open };
}

function meets(mask: Mask, low: number, high: number): boolean {
  return mask.open || (mask.low & low) !== 0 || (mask.high & high) !== 0;
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

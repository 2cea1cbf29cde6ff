import type { WindowEntry } from "./window-entry.ts";

/** More rules in order than anyone writes; the sets of rules are bits, and there are at most two to the power of this. */
export const maxOrderedRules = 12;

/**
 * The sets of rules that can be seen one after another, in the order of the correlation, each in an event of its own. Sets are bits;
 * the empty set is one of them.
 */
export function orderedSets(entries: readonly WindowEntry[], rules: number): readonly number[] {
  const reached = new Uint8Array(1 << Math.min(rules, maxOrderedRules));
  const sets = [0];
  reached[0] = 1;
  for (const entry of entries) {
    const before = sets.length;
    for (let index = 0; index < before; index += 1) {
      const set = sets[index] ?? 0;
      for (const rule of entry.rules) {
        const next = set | (1 << rule);
        if (set >= 1 << rule || reached[next] === 1) continue;
        reached[next] = 1;
        sets.push(next);
      }
    }
  }
  return sets;
}

import { isDeepStrictEqual } from "node:util";
import type { Normalizer } from "./create-normalizer.ts";
import type { Mapping } from "./mapping-schema.ts";
import type { Result } from "./result.ts";

/** A normalizer whose mappings can be replaced while it works. */
export interface ReloadableNormalizer extends Normalizer {
  /**
   * Reads all further records by these mappings. Events that are open go on where their mapping stayed as it was; those
   * of a mapping that changed or went come out, as far as they are there, with the next results.
   */
  replace(mappings: readonly Mapping[]): void;
}

/** `create` makes a fresh normalizer of mappings. */
export function createReloadableNormalizer(
  create: (mappings: readonly Mapping[]) => Normalizer,
  mappings: readonly Mapping[],
): ReloadableNormalizer {
  let current = create(mappings);
  let known = mappings;
  let left: readonly Result[] = [];
  const withLeft = (results: readonly Result[]): readonly Result[] => {
    if (left.length === 0) return results;
    const all = [...left, ...results];
    left = [];
    return all;
  };
  return {
    normalize: (records) => withLeft(current.normalize(records)),
    flush: (names) => withLeft(current.flush(names)),
    release: (nowMs) => withLeft(current.release(nowMs)),
    state: (names) => current.state(names),
    restore: (state) => current.restore(state),
    replace(next) {
      const fresh = create(next);
      const kept = namesOfEqual(known, next);
      fresh.restore(current.state(kept));
      const gone = new Set(known.map(({ name }) => name).filter((name) => !kept.has(name)));
      left = [...left, ...current.flush(gone)];
      current = fresh;
      known = next;
    },
  };
}

function namesOfEqual(before: readonly Mapping[], after: readonly Mapping[]): Set<string> {
  const byName = new Map(after.map((mapping) => [mapping.name, mapping]));
  const equal = before.filter((mapping) => isDeepStrictEqual(mapping, byName.get(mapping.name)));
  return new Set(equal.map(({ name }) => name));
}

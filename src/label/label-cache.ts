import type { Labelled } from "./labelled.ts";

/** Totals since the cache was created; `entries` and `bytes` are what it holds now. */
interface LabelCacheCounters {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Labels by exact prepared text. */
export interface LabelCache {
  /** What `set` was given for this text, while it is held. Counts a hit or a miss. */
  get(text: string): Labelled | undefined;
  /** As `get`, but does not count a miss: for a first try with a text that may not be in its prepared form. */
  peek(text: string): Labelled | undefined;
  set(text: string, labelled: Labelled): void;
  counters(): LabelCacheCounters;
}

/** A JavaScript map holds 2^24 entries at most. */
const MAX_GENERATION_ENTRIES = 8_000_000;

/** Text header, two map slots and the frozen result, measured on Node 24; a label is an object and a boxed score. */
const ENTRY_BYTES = 260;
const LABEL_BYTES = 72;

/**
 * Creates a cache of about `maxBytes`, in two generations: new and used entries are in the young one; when it is half
 * of `maxBytes`, the old one is dropped and the young one becomes old. That keeps what is asked for often, costs
 * nothing a hit beyond its lookup, and evicts without bookkeeping. `maxBytes` 0 caches nothing.
 */
export function createLabelCache({ maxBytes }: { readonly maxBytes: number }): LabelCache {
  const half = Math.floor(maxBytes / 2);
  let young = new Map<string, Labelled>();
  let old = new Map<string, Labelled>();
  let youngBytes = 0;
  let oldBytes = 0;
  let hits = 0;
  let misses = 0;
  let evictions = 0;

  const insert = (text: string, labelled: Labelled) => {
    const bytes = entryBytes(text, labelled);
    if (bytes > half) return;
    if (youngBytes + bytes > half || young.size >= MAX_GENERATION_ENTRIES) {
      evictions += old.size;
      old = young;
      oldBytes = youngBytes;
      young = new Map();
      youngBytes = 0;
    }
    young.set(text, labelled);
    youngBytes += bytes;
  };
  const promote = (text: string): Labelled | undefined => {
    const labelled = old.get(text);
    if (labelled === undefined) return undefined;
    old.delete(text);
    oldBytes -= entryBytes(text, labelled);
    insert(text, labelled);
    return labelled;
  };
  const peek = (text: string): Labelled | undefined => {
    const labelled = young.get(text) ?? promote(text);
    if (labelled !== undefined) hits += 1;
    return labelled;
  };
  return {
    peek,
    get(text) {
      const labelled = peek(text);
      if (labelled === undefined) misses += 1;
      return labelled;
    },
    set(text, labelled) {
      if (young.has(text)) return;
      if (old.has(text)) promote(text);
      else insert(detach(text), labelled);
    },
    counters: () => ({ hits, misses, evictions, entries: young.size + old.size, bytes: youngBytes + oldBytes }),
  };
}

function entryBytes(text: string, labelled: Labelled): number {
  return ENTRY_BYTES + 2 * text.length + LABEL_BYTES * labelled.labels.length;
}

/** A copy of its own: a string cut from a larger one would keep all of that in memory. */
function detach(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

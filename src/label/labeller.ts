import type { Label } from "../event/label.ts";
import { type SelectionRule, selectTags } from "../event/select-tags.ts";
import { coalesceTexts } from "./coalesce-texts.ts";
import type { Encoder, Ranking } from "./encoder.ts";
import type { LabelCache } from "./label-cache.ts";
import type { Labelled } from "./labelled.ts";

export interface LabellerSettings {
  readonly encoder: Encoder;
  readonly cache: LabelCache;
  /** The artifact's tags, in the order of the score matrix. */
  readonly tags: readonly { readonly label_id: string; readonly axis: string }[];
  readonly selection: SelectionRule;
}

/** Totals since the labeller was created. */
interface LabellerCounters {
  readonly texts: number;
  /** Texts with nothing to read, which got no labels. */
  readonly blank: number;
  /** Distinct texts sent to the encoder. */
  readonly encoded: number;
  /** Texts that waited for the same text of a call already under way. */
  readonly coalesced: number;
}

/** Labels texts. */
export interface Labeller {
  /**
   * One result a text, in input order: from the cache, or from the encoder, which sees each distinct text once even
   * when calls overlap. A blank text gets no labels. Rejects with the signal's reason on abort, else as the encoder does.
   */
  label(texts: readonly string[], signal: AbortSignal): Promise<readonly Labelled[]>;
  counters(): LabellerCounters;
}

const BLANK: Labelled = Object.freeze({ labels: Object.freeze([]), tags: Object.freeze([]) });

/** Creates a labeller; it owns neither the encoder nor the cache. */
export function createLabeller(settings: LabellerSettings): Labeller {
  const { encoder, cache } = settings;
  const totals = { texts: 0, blank: 0 };
  const misses = coalesceTexts(async (texts, signal) => {
    const rankings = await encoder.encode(texts, signal);
    const labelled = rankings.map((ranking) => toLabelled(ranking, settings));
    for (const [index, text] of texts.entries()) cache.set(text, labelled[index] ?? BLANK);
    return labelled;
  });
  return {
    async label(texts, signal) {
      signal.throwIfAborted();
      totals.texts += texts.length;
      const results = new Array<Labelled>(texts.length).fill(BLANK);
      const missing = new Map<string, number[]>();
      for (let index = 0; index < texts.length; index++) {
        const text = texts[index] ?? "";
        const hit = cache.peek(text);
        if (hit !== undefined) results[index] = hit;
        else if (!lookUpPrepared(text, index, results, missing, settings)) totals.blank += 1;
      }
      if (missing.size === 0) return results;
      const found = await misses.find([...missing.keys()], signal);
      for (const [text, places] of missing) {
        for (const place of places) results[place] = found.get(text) ?? BLANK;
      }
      return results;
    },
    counters() {
      const { sent, coalesced } = misses.counters();
      return { ...totals, encoded: sent, coalesced };
    },
  };
}

/** Looks a text up in its prepared form and notes it as missing if need be; false when there is nothing to read. */
function lookUpPrepared(
  text: string,
  index: number,
  results: Labelled[],
  missing: Map<string, number[]>,
  { encoder, cache }: LabellerSettings,
): boolean {
  const prepared = encoder.prepare(text);
  if (prepared === "") return false;
  const places = missing.get(prepared);
  const hit = cache.get(prepared);
  if (hit !== undefined) results[index] = hit;
  else if (places !== undefined) places.push(index);
  else missing.set(prepared, [index]);
  return true;
}

function toLabelled(ranking: Ranking, { tags, selection }: LabellerSettings): Labelled {
  const labels: Label[] = [];
  for (const [place, index] of ranking.indices.entries()) {
    const tag = tags[index];
    if (tag === undefined) continue;
    const score = roundScore(ranking.scores[place] ?? 0);
    labels.push(Object.freeze({ label_id: tag.label_id, score, axis: tag.axis }));
  }
  return Object.freeze({ labels: Object.freeze(labels), tags: Object.freeze(selectTags(labels, selection)) });
}

/** Six decimals: what a 32-bit score can carry, and short to write. Never -0. */
function roundScore(score: number): number {
  return Math.round(score * 1e6) / 1e6 + 0;
}

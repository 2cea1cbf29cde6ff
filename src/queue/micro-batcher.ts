import type { Ranking } from "./ranking-text.ts";
import { createTurnstile } from "./turnstile.ts";

export interface MicroBatcherSettings {
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  readonly maxTexts: number;
  /** UTF-16 units, of which the tokens of a batch are a fixed share. */
  readonly maxChars: number;
  /** Batches in the encoder at once: one computes, the next is ready. */
  readonly maxInFlight: number;
}

/** Which of two waiting batches goes first. */
export type Lane = "live" | "backfill";

/** Puts the texts of several jobs into one batch. */
export interface MicroBatcher {
  /** One ranking a text. A text that another job waits for is not encoded again. Rejects as the batch of any text does. */
  encode(texts: readonly string[], lane: Lane): Promise<readonly Ranking[]>;
  /** Runs `work` while no batch is in the encoder; one such work after the other. */
  alone(work: () => Promise<void>): Promise<void>;
}

interface Batch {
  readonly texts: string[];
  chars: number;
  readonly done: PromiseWithResolvers<readonly Ranking[]>;
}

/** Creates one. While the encoder is busy texts gather, so batches grow with the load and nobody waits for a clock. */
export function createMicroBatcher(settings: MicroBatcherSettings): MicroBatcher {
  const { encode, maxTexts, maxChars, maxInFlight } = settings;
  const never = new AbortController().signal;
  /** Where each text that is under way stands. */
  const places = new Map<string, readonly [Batch, number]>();
  /** Batches that wait, the first one first; only the last one of a lane takes more texts. */
  const lanes: Readonly<Record<Lane, Batch[]>> = { live: [], backfill: [] };
  const run = async (batch: Batch): Promise<void> => {
    try {
      batch.done.resolve(await encode(batch.texts, never));
    } catch (error) {
      batch.done.reject(error);
    }
    for (const text of batch.texts) places.delete(text);
  };
  const turnstile = createTurnstile(maxInFlight, () => {
    const batch = lanes.live.shift() ?? lanes.backfill.shift();
    return batch && (() => run(batch));
  });
  const roomFor = (text: string, lane: Lane): Batch => {
    const last = lanes[lane].at(-1);
    if (last !== undefined && last.texts.length < maxTexts && last.chars + text.length <= maxChars) return last;
    const batch: Batch = { texts: [], chars: 0, done: Promise.withResolvers() };
    // Jobs that wait for it see the failure.
    batch.done.promise.catch(() => undefined);
    lanes[lane].push(batch);
    return batch;
  };
  const place = (text: string, lane: Lane): readonly [Batch, number] => {
    const known = places.get(text);
    if (known !== undefined) return known;
    const batch = roomFor(text, lane);
    const found = [batch, batch.texts.push(text) - 1] as const;
    batch.chars += text.length;
    places.set(text, found);
    return found;
  };
  return {
    alone: (work) => turnstile.alone(work),
    async encode(texts, lane) {
      const found = texts.map((text) => place(text, lane));
      // Jobs that arrive in the same turn of the loop share a batch.
      turnstile.knock();
      const rankings: Ranking[] = [];
      for (const batch of new Set(found.map(([one]) => one))) await batch.done.promise;
      for (const [batch, at] of found) {
        const ranking = (await batch.done.promise)[at];
        if (ranking === undefined) throw new Error("the encoder left a text out");
        rankings.push(ranking);
      }
      return rankings;
    },
  };
}

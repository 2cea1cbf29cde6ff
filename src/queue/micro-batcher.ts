import type { Ranking } from "./ranking-text.ts";

export interface MicroBatcherSettings {
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  readonly maxTexts: number;
  /** UTF-16 units, of which the tokens of a batch are a fixed share. */
  readonly maxChars: number;
  /** Batches in the encoder at once: one computes, the next is ready. */
  readonly maxInFlight: number;
}

/** Puts the texts of several jobs into one batch. */
export interface MicroBatcher {
  /** One ranking a text. A text that another job waits for is not encoded again. Rejects as the batch of any text does. */
  encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Ranking[]>;
}

interface Batch {
  readonly texts: string[];
  readonly done: PromiseWithResolvers<readonly Ranking[]>;
}

/** Creates one. While the encoder is busy texts gather, so batches grow with the load and nobody waits for a clock. */
export function createMicroBatcher(settings: MicroBatcherSettings): MicroBatcher {
  const { encode, maxTexts, maxChars, maxInFlight } = settings;
  const never = new AbortController().signal;
  /** Where each text that is under way stands. */
  const places = new Map<string, readonly [Batch, number]>();
  const ready: Batch[] = [];
  let open: Batch | undefined;
  let openChars = 0;
  let inFlight = 0;
  let isPlanned = false;

  const close = (): void => {
    if (open === undefined) return;
    ready.push(open);
    open = undefined;
    openChars = 0;
  };
  const run = async (batch: Batch): Promise<void> => {
    try {
      batch.done.resolve(await encode(batch.texts, never));
    } catch (error) {
      batch.done.reject(error);
    } finally {
      for (const text of batch.texts) places.delete(text);
      inFlight -= 1;
      pump();
    }
  };
  const pump = (): void => {
    isPlanned = false;
    while (inFlight < maxInFlight) {
      if (ready.length === 0) close();
      const batch = ready.shift();
      if (batch === undefined) return;
      inFlight += 1;
      void run(batch);
    }
  };
  const place = (text: string): readonly [Batch, number] => {
    const known = places.get(text);
    if (known !== undefined) return known;
    if (open !== undefined && (open.texts.length >= maxTexts || openChars + text.length > maxChars)) close();
    if (open === undefined) {
      open = { texts: [], done: Promise.withResolvers() };
      // Jobs that wait for it see the failure.
      open.done.promise.catch(() => undefined);
    }
    const found = [open, open.texts.push(text) - 1] as const;
    openChars += text.length;
    places.set(text, found);
    return found;
  };
  return {
    async encode(texts, signal) {
      signal.throwIfAborted();
      const found = texts.map(place);
      // Jobs that arrive in the same turn of the loop share a batch.
      if (!isPlanned) {
        isPlanned = true;
        setImmediate(pump);
      }
      const rankings: Ranking[] = [];
      for (const [batch, at] of found) {
        const ranking = (await batch.done.promise)[at];
        if (ranking === undefined) throw new Error("the encoder left a text out");
        rankings.push(ranking);
      }
      return rankings;
    },
  };
}

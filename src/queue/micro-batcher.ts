import { createFairLine, type FairLine } from "./fair-line.ts";
import type { Lane, Line } from "./label-job.ts";
import type { Ranking } from "./ranking-text.ts";
import { createTurnstile } from "./turnstile.ts";

export interface MicroBatcherSettings {
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  readonly maxTexts: number;
  /** UTF-16 units, of which the tokens of a batch are a fixed share. */
  readonly maxChars: number;
  /** Batches in the encoder at once: one computes, the next is ready. */
  readonly maxInFlight: number;
  /** Shares of the tenants whose texts wait; 1 where nothing is said. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
}

/** Makes batches of the texts of several jobs. */
export interface MicroBatcher {
  /** One ranking a text. A text that another job waits for is not encoded again. Rejects as the batch of any text does. */
  encode(texts: readonly string[], line: Line): Promise<readonly Ranking[]>;
  /** Runs `work` while no batch is in the encoder; one such work after the other. */
  alone(work: () => Promise<void>): Promise<void>;
}

/** Texts of one job that go into the same batch. */
interface Group {
  readonly texts: string[];
  chars: number;
  readonly done: PromiseWithResolvers<readonly Ranking[]>;
}

/** Small enough that a batch is filled well, whatever its jobs are. */
const groupsInBatch = 8;
const never = new AbortController().signal;

/** Creates one. While the encoder is busy texts gather, so batches grow with the load and nobody waits for a clock. */
export function createMicroBatcher(settings: MicroBatcherSettings): MicroBatcher {
  const groupTexts = Math.ceil(settings.maxTexts / groupsInBatch);
  const groupChars = Math.ceil(settings.maxChars / groupsInBatch);
  /** Where each text that is under way stands. */
  const places = new Map<string, readonly [Group, number]>();
  const weights = new Map(Object.entries(settings.weights ?? {}));
  const startLine = (): FairLine<Group> => createFairLine(costOf, (tenant) => weights.get(tenant) ?? 1);
  const waiting: Readonly<Record<Lane, FairLine<Group>>> = { live: startLine(), backfill: startLine() };
  const turnstile = createTurnstile(settings.maxInFlight, () => {
    const batch = takeBatch([waiting.live, waiting.backfill], settings);
    if (batch.length === 0) return undefined;
    return async () => {
      await runBatch(batch, settings);
      for (const { texts } of batch) for (const text of texts) places.delete(text);
    };
  });
  const startGroup = ({ lane, tenant }: Line): Group => {
    const group: Group = { texts: [], chars: 0, done: Promise.withResolvers() };
    // Jobs that wait for it see the failure.
    group.done.promise.catch(() => undefined);
    waiting[lane].push(tenant, group);
    return group;
  };
  /** A live job does not wait for a backfill that asked for the same text before. */
  const hurry = ({ lane, tenant }: Line, group: Group): void => {
    if (lane === "live" && waiting.backfill.remove(group)) waiting.live.push(tenant, group);
  };
  return {
    alone: (work) => turnstile.alone(work),
    async encode(texts, line) {
      let group: Group | undefined;
      const found: (readonly [Group, number])[] = [];
      for (const text of texts) {
        let place = places.get(text);
        if (place === undefined) {
          const isFull = group !== undefined && (group.texts.length >= groupTexts || group.chars >= groupChars);
          if (group === undefined || isFull) group = startGroup(line);
          place = [group, group.texts.push(text) - 1];
          group.chars += text.length;
          places.set(text, place);
        } else if (place[0] !== group) hurry(line, place[0]);
        found.push(place);
      }
      // Jobs that arrive in the same turn of the loop share a batch.
      turnstile.knock();
      const results = new Map<Group, readonly Ranking[]>();
      for (const one of new Set(found.map(([place]) => place))) results.set(one, await one.done.promise);
      return found.map(([place, at]) => rankingAt(results.get(place), at));
    },
  };
}

function costOf({ texts }: Group): number {
  return texts.length;
}

function rankingAt(rankings: readonly Ranking[] | undefined, at: number): Ranking {
  const ranking = rankings?.[at];
  if (ranking === undefined) throw new Error("the encoder left a text out");
  return ranking;
}

/** Takes groups while they fit, from the first lane as long as it has any. One group always fits. */
function takeBatch(lines: readonly FairLine<Group>[], { maxTexts, maxChars }: MicroBatcherSettings): Group[] {
  const batch: Group[] = [];
  let texts = 0;
  let chars = 0;
  for (const line of lines) {
    for (let group = line.peek(); group !== undefined; group = line.peek()) {
      texts += group.texts.length;
      chars += group.chars;
      if (batch.length > 0 && (texts > maxTexts || chars > maxChars)) return batch;
      line.take();
      batch.push(group);
    }
  }
  return batch;
}

async function runBatch(batch: readonly Group[], { encode }: MicroBatcherSettings): Promise<void> {
  try {
    const texts = batch.length === 1 ? (batch[0]?.texts ?? []) : batch.flatMap((group) => group.texts);
    const rankings = await encode(texts, never);
    let from = 0;
    for (const { done, texts: own } of batch) {
      done.resolve(rankings.slice(from, from + own.length));
      from += own.length;
    }
  } catch (error) {
    for (const { done } of batch) done.reject(error);
  }
}

import { bucketMs } from "./bucket-ledger.ts";
import type { Json, Window } from "./lane.ts";

/** One of several readers of a lane: every so-manieth minute is its own. */
export interface MinuteShare {
  readonly number: number;
  readonly of: number;
}

/** So many minutes are asked for at once; a query may hold no more than about a thousand conditions. */
const maxMinutes = 300;

export function ownsMinute(share: MinuteShare | undefined, timeMs: number): boolean {
  if (share === undefined) return true;
  const minute = Math.floor(timeMs / bucketMs);
  return ((minute % share.of) + share.of) % share.of === share.number;
}

/** Where a window from `fromMs` must end so that its own minutes can be asked for at once. */
export function endOfShare({ of }: MinuteShare, fromMs: number, toMs: number): number {
  return Math.min(toMs, (Math.floor(fromMs / bucketMs) + maxMinutes * of) * bucketMs);
}

/** The condition that a document's time is in one of the own minutes of a window. */
export function shareQuery(
  share: MinuteShare,
  field: string,
  { from, to }: { readonly from: number; readonly to: number } & Window,
): Json {
  const should: Json[] = [];
  for (let start = Math.floor(from / bucketMs) * bucketMs; start < to; start += bucketMs) {
    if (!ownsMinute(share, start)) continue;
    should.push({ range: { [field]: { gte: start, lt: start + bucketMs, format: "epoch_millis" } } });
  }
  return should.length === 0 ? { match_none: {} } : { bool: { should, minimum_should_match: 1 } };
}

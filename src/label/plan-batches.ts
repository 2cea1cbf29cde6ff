/** Texts that go through the graph together: all padded to `length` tokens. */
export interface PlannedBatch {
  readonly length: number;
  /** Positions in the planned texts. */
  readonly rows: readonly number[];
}

/**
 * Groups texts by the smallest bucket that holds each text's own tokens, and splits each group into batches of at most
 * `maxBatchTokens` padded tokens (one text at least). A text's padding thus depends on the text alone, never on what
 * it is batched with. `tokenCounts` are at most the last of `buckets`, which rise.
 */
export function planBatches(
  tokenCounts: readonly number[],
  buckets: readonly number[],
  maxBatchTokens: number,
): readonly PlannedBatch[] {
  const groups = new Map<number, number[]>();
  for (const [row, count] of tokenCounts.entries()) {
    const length = buckets.find((bucket) => bucket >= count) ?? count;
    const group = groups.get(length);
    if (group === undefined) groups.set(length, [row]);
    else group.push(row);
  }
  const batches: PlannedBatch[] = [];
  for (const [length, rows] of groups) {
    const size = Math.max(1, Math.floor(maxBatchTokens / length));
    for (let start = 0; start < rows.length; start += size) {
      batches.push({ length, rows: rows.slice(start, start + size) });
    }
  }
  return batches;
}

/** Width of a bucket in milliseconds. */
export const bucketMs = 60_000;

/** How many documents were read of each minute: what a server that has more of one then holds is new. */
export class BucketLedger {
  /** Documents by bucket number. */
  readonly #counts = new Map<number, number>();

  add(timeMs: number): void {
    const bucket = Math.floor(timeMs / bucketMs);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
  }

  countAt(startMs: number): number {
    return this.#counts.get(Math.floor(startMs / bucketMs)) ?? 0;
  }

  set(startMs: number, count: number): void {
    const bucket = Math.floor(startMs / bucketMs);
    if (count === 0) this.#counts.delete(bucket);
    else this.#counts.set(bucket, count);
  }

  /** Starts of the buckets with documents that begin in a window. */
  startsIn(fromMs: number, toMs: number): number[] {
    return [...this.#counts.keys()]
      .map((bucket) => bucket * bucketMs)
      .filter((start) => start >= fromMs && start < toMs);
  }

  forgetBefore(timeMs: number): void {
    for (const bucket of this.#counts.keys()) if ((bucket + 1) * bucketMs <= timeMs) this.#counts.delete(bucket);
  }

  /** Gap to the bucket before, and count, in turn. */
  toNumbers(): number[] {
    const numbers: number[] = [];
    let last = 0;
    for (const [bucket, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      numbers.push(bucket - last, count);
      last = bucket;
    }
    return numbers;
  }

  static ofNumbers(numbers: readonly number[]): BucketLedger {
    const ledger = new BucketLedger();
    let bucket = 0;
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      bucket += numbers[index] ?? 0;
      ledger.#counts.set(bucket, numbers[index + 1] ?? 0);
    }
    return ledger;
  }
}

/** Features of one segment as indexes and values, reused from one segment to the next. */
export class FeatureVector {
  indexes = new Int32Array(256);
  values = new Float64Array(256);
  count = 0;

  /** Forgets what it holds and makes room for `capacity` features. */
  reset(capacity: number): void {
    this.count = 0;
    if (capacity <= this.indexes.length) return;
    this.indexes = new Int32Array(capacity * 2);
    this.values = new Float64Array(capacity * 2);
  }

  put(index: number, value: number): void {
    this.indexes[this.count] = index;
    this.values[this.count] = value;
    this.count += 1;
  }
}

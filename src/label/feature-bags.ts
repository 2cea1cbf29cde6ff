import { createFeatureBuffer, type FeatureBuffer, readFeatures } from "./command-features.ts";

/** Two tables of int8 vectors, one for words and one for character runs, a row a bucket, `dimensions` wide. */
export interface FeatureTables {
  readonly words: Int8Array;
  readonly grams: Int8Array;
  readonly dimensions: number;
}

/**
 * Splits the bytes of a table file: 2^`wordBits` rows, then 2^`gramBits`. Throws when the size is another.
 */
export function splitTables(bytes: Uint8Array, wordBits: number, gramBits: number, dimensions: number): FeatureTables {
  const wordBytes = dimensions * 2 ** wordBits;
  const expected = wordBytes + dimensions * 2 ** gramBits;
  if (bytes.length !== expected) throw new Error(`the feature table has ${bytes.length} bytes, expected ${expected}`);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return { words: signed.subarray(0, wordBytes), grams: signed.subarray(wordBytes), dimensions };
}

/**
 * Fills `out` with each view's two bags, `2 · dimensions` numbers a view: the sum of the rows of its features, divided
 * by the square root of their number. Sums are of integers, so a bag does not depend on the order of its features.
 */
export function fillBags(views: readonly string[], tables: FeatureTables): Float32Array<ArrayBuffer> {
  const { dimensions } = tables;
  const out = new Float32Array(views.length * 2 * dimensions);
  const features: FeatureBuffer = createFeatureBuffer();
  const sum = new Int32Array(dimensions);
  for (const [row, view] of views.entries()) {
    readFeatures(view, features);
    const start = row * 2 * dimensions;
    addBag(features.words, features.wordCount, tables.words, sum, out, start);
    addBag(features.grams, features.gramCount, tables.grams, sum, out, start + dimensions);
  }
  return out;
}

function addBag(
  hashes: Uint32Array,
  count: number,
  table: Int8Array,
  sum: Int32Array,
  out: Float32Array,
  start: number,
): void {
  const width = sum.length;
  const mask = table.length / width - 1;
  sum.fill(0);
  for (let at = 0; at < count; at += 1) {
    const base = ((hashes[at] ?? 0) & mask) * width;
    for (let column = 0; column < width; column += 1) sum[column] = (sum[column] ?? 0) + (table[base + column] ?? 0);
  }
  const divisor = Math.sqrt(Math.max(1, count));
  for (let column = 0; column < width; column += 1) out[start + column] = (sum[column] ?? 0) / divisor;
}

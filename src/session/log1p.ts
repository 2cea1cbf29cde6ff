const logTable = Float64Array.from({ length: 4096 }, (_, count) => Math.log1p(count));

/** ln(1 + count), from a table for small counts. */
export function log1p(count: number): number {
  return count < logTable.length ? (logTable[count] ?? 0) : Math.log1p(count);
}

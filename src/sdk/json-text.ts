/**
 * A value as JSON text. What is nested too deep for that, thousands of levels, gives a note instead: what a document
 * holds must not end the program.
 */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    if (cause instanceof RangeError) return '"(nested too deep to show)"';
    throw cause;
  }
}

import type { Ranking } from "./ranking-text.ts";

/** A text that every encoder can read: when it fails too, the texts are not to blame. */
const harmless = "id";

/**
 * Encodes texts of which some make the encoder fail: halves the batch until the bad text is alone, and gives undefined
 * for it. Throws what the encoder throws when it fails on a harmless text as well.
 */
export async function encodeSafely(
  texts: readonly string[],
  encode: (texts: readonly string[]) => Promise<readonly Ranking[]>,
): Promise<readonly (Ranking | undefined)[]> {
  try {
    return await encode(texts);
  } catch {
    if (texts.length > 1) {
      const middle = texts.length >> 1;
      const before = await encodeSafely(texts.slice(0, middle), encode);
      return [...before, ...(await encodeSafely(texts.slice(middle), encode))];
    }
    await encode([harmless]);
    return [undefined];
  }
}

/** The best tags of one text, best first; the same as an encoder's ranking. */
export interface Ranking {
  /** Positions in the artifact's tags. */
  readonly indices: Uint16Array;
  readonly scores: Float32Array;
}

/** Stands in place of a ranking for a text that no worker could encode. */
export const failedText = "!";

const noRanking: Ranking = Object.freeze({ indices: new Uint16Array(0), scores: new Float32Array(0) });

/** Rankings of `topK` labels each as texts of one length: 4 bytes a score and 2 bytes a position, bit for bit. */
export function packRankings(rankings: readonly Ranking[], topK: number): string[] {
  const stride = 6 * topK;
  const bytes = Buffer.allocUnsafe(rankings.length * stride);
  let at = 0;
  for (const { scores, indices } of rankings) {
    if (scores.length !== topK) throw new Error(`a ranking of ${scores.length} labels, not ${topK}`);
    for (const score of scores) at = bytes.writeFloatLE(score, at);
    for (const index of indices) at = bytes.writeUInt16LE(index, at);
  }
  return rankings.map((_, row) => bytes.toString("base64", row * stride, (row + 1) * stride));
}

/** The ranking `packRankings` wrote; an empty one for `failedText`. Throws on damaged text. */
export function unpackRanking(text: string, topK: number): Ranking {
  if (text === failedText) return noRanking;
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 6 * topK) throw new Error(`a ranking of ${bytes.length} bytes, not ${6 * topK}`);
  const scores = new Float32Array(topK);
  const indices = new Uint16Array(topK);
  for (let place = 0; place < topK; place += 1) {
    scores[place] = bytes.readFloatLE(4 * place);
    indices[place] = bytes.readUInt16LE(4 * topK + 2 * place);
  }
  return { scores, indices };
}

/** Whether a text from outside is a packed ranking or the mark of a failed one. */
export function isPacked(text: unknown, topK: number): text is string {
  return typeof text === "string" && (text === failedText || text.length === 8 * topK);
}

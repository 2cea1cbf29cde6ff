/** The k best tags of one text, best first. */
export interface Ranking {
  /** Positions in the artifact's tags. */
  readonly indices: Uint16Array;
  /** As the graph gives them. */
  readonly scores: Float32Array;
}

/** Totals since the encoder was created. */
interface EncoderCounters {
  readonly texts: number;
  /** Of these, the ones that a first stage alone could not tell. */
  readonly unsure: number;
  /** Runs of the graph. */
  readonly batches: number;
  readonly tokens: number;
  /** Tokens with the padding. */
  readonly paddedTokens: number;
  /** Jobs that went to a second worker because the first one crashed. */
  readonly retries: number;
  /** Jobs waiting for a worker now. */
  readonly queued: number;
}

/** Ranks tags for texts. */
export interface Encoder {
  /** Labels a text gets; never more than there are tags. */
  readonly topK: number;
  /** What the encoder reads of a text; texts with equal results get equal rankings. Empty: nothing to rank. */
  prepare(text: string): string;
  /**
   * One ranking a text, in input order. A text's ranking does not depend on the texts beside it.
   *
   * Waits while too many texts are pending. Rejects with the signal's reason on abort, and with TagsmithError (`exit`)
   * when a batch failed twice or the encoder is closed.
   */
  encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Ranking[]>;
  counters(): EncoderCounters;
  /** Lets running work end, refuses waiting work (a text's second stage is work of its own), frees all. May be called twice. */
  close(): Promise<void>;
}

/** Bounds of a reader of audit lines; every one closes the oldest event, incomplete where it is. */
export interface AuditdReaderSettings {
  /** Events waiting for their end. */
  readonly maxPending: number;
  /** Characters that all waiting events hold together. */
  readonly maxPendingChars: number;
  /** An event has ended once its stream opened this many later ones. */
  readonly maxLaterEvents: number;
  /** An event has ended once the reader, over all streams, opened this many later ones. */
  readonly maxLaterInReader: number;
  /** An event has ended once its stream opened one that is this much younger by its own time. */
  readonly timeoutMs: number;
  /** A live source that names the time is not waited for any longer than this. */
  readonly releaseMs: number;
  /** A longer line loses its end, and its event is marked incomplete. */
  readonly maxLineChars: number;
  /** Events given out that parts of which may still come, and are then known. */
  readonly maxGiven: number;
  /** Each text holds whole events: what it lacks is lost. */
  readonly wholeTexts: boolean;
}

export const defaultAuditdReaderSettings: AuditdReaderSettings = {
  maxPending: 2_048,
  maxPendingChars: 64 * 1024 * 1024,
  maxLaterEvents: 128,
  maxLaterInReader: 16_384,
  timeoutMs: 2_000,
  releaseMs: 30_000,
  maxLineChars: 1024 * 1024,
  maxGiven: 512,
  wholeTexts: false,
};

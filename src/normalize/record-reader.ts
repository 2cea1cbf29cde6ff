import type { Document, SourceRecord } from "../sdk/document.ts";

/** Where a record stands in its source; small and JSON-safe, so that pending state can keep it. */
export type RecordPosition = Readonly<Pick<SourceRecord, "container" | "id" | "sequence">>;

/** What a reader makes of one event: a decoded document for its mapping, or why there is none. */
export type ReaderResult =
  | {
      readonly kind: "document";
      /** Decoded fields, plain JSON; the keys are the reader's, and its mapping reads them like any other document's. */
      readonly document: Document;
      /** Every record the event was made of, first one first: the first one names the event. */
      readonly records: readonly RecordPosition[];
      /** Parts were lost: records missing, arguments cut. */
      readonly incomplete?: boolean;
    }
  | {
      readonly kind: "skipped" | "rejected";
      /** Stable, lower snake, e.g. `auditd_line_unparsable`. */
      readonly code: string;
      readonly reason: string;
      readonly field?: string;
      readonly records: readonly RecordPosition[];
    };

/**
 * Decodes text whose events may span several records, e.g. the lines of one Linux audit event.
 *
 * Every record given to `add` appears in the `records` of at least one result: of this `add`, of a later one, or of
 * `flush`. Never throws on bad text. Bounded: at a stated number of pending events, or once newer events show that an
 * older one has ended, the oldest pending event is given out (incomplete where it is). Has no clock of its own: between
 * calls of `release` only the records' own times and their order count, so the same records in the same order give the
 * same results.
 */
export interface RecordReader {
  /**
   * `text` is what the mapping found in the record: one line, several joined by `\n`, or several on one line.
   * `host` is the shipper's host where the document has one; records of different hosts never join, and the decoded
   * document carries it as `host` where the text itself names none.
   */
  add(record: RecordPosition, text: string, host?: string): ReaderResult[];
  /** End of input: gives out everything pending. */
  flush(): ReaderResult[];
  /** Called now and then by whoever reads a live source: gives out what has been pending for long by this clock. */
  release(nowMs: number): ReaderResult[];
  /** Pending events as JSON text; `restore` of it in a new reader continues as if nothing had happened. */
  pending(): string;
  /** Takes what `pending` gave; called at most once, before the first `add`. Throws TagsmithError on text it did not write. */
  restore(state: string): void;
}

/** Makes a fresh reader; a normalizer calls it once. */
export type RecordReaderFactory = () => RecordReader;

import type { SourceRecord } from "./document.ts";

/** What became of a batch. */
export type Outcome = { readonly kind: "accepted" } | { readonly kind: "refused"; readonly cause: Error };

/** Records read together, and where to resume after them. */
export interface Batch {
  readonly records: readonly SourceRecord[];
  /** Where to resume once this batch is accepted: JSON text, opaque to the runtime. */
  readonly cursor: string;
  /** Size of the input consumed so far and in all, for progress; bytes or documents. */
  readonly progress?: { readonly done: number; readonly total?: number; readonly unit: "bytes" | "documents" };
  /** Called exactly once. Push sources answer their sender here; pull sources leave it out. */
  readonly settle?: (outcome: Outcome) => Promise<void>;
}

/** Reads documents from one system. */
export interface Source {
  readonly name: string;
  /** It waits for more after the last record, until `read` is aborted; the runtime then closes idle sessions by the clock. */
  readonly isLive?: boolean;
  /**
   * Yields batches until the input ends or `signal` aborts; returns normally in both cases.
   *
   * Starts after `cursor`, or at the configured start when there is none. The runtime stores a batch's cursor only
   * after the sink has confirmed it, so a crash repeats records and never skips any. Throws TagsmithError when the
   * input as a whole cannot be read; a single bad record is an `unreadable` record in its place.
   */
  read(cursor: string | undefined, signal: AbortSignal): AsyncIterable<Batch>;
  /** Frees what the source holds. May be called twice, and before `read`. */
  close(): Promise<void>;
}

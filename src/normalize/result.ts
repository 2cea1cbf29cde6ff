import type { Event } from "../event/event.ts";
import type { Explanation } from "./explain-document.ts";
import type { RecordPosition } from "./record-reader.ts";

/**
 * What became of one document. `records` are the input records it came from: an event of several records names them
 * all, and a record that holds several documents appears in as many results.
 */
export type Result = EventResult | RefusedResult;

export interface EventResult {
  readonly kind: "event";
  readonly event: Event;
  readonly records: readonly RecordPosition[];
  /** Fields that held something their role cannot use; the event stands without them. */
  readonly wrongTypes?: readonly string[];
  /** Only when asked for. */
  readonly explanation?: Explanation;
}

/** `skipped`: nothing to label, as the mapping says. `rejected`: a dead letter. */
export interface RefusedResult {
  readonly kind: "skipped" | "rejected";
  readonly code: string;
  readonly reason: string;
  /** The field at fault, where one is. */
  readonly field?: string;
  /** `name@version`; absent when no mapping took the document. */
  readonly mapping?: string;
  readonly records: readonly RecordPosition[];
  /** Only when asked for. */
  readonly explanation?: Explanation;
}

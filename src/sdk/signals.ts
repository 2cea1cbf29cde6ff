/** Where a connector counts what it meets. */
export interface Signals {
  /** Adds to a counter; `kind` comes from a short fixed list, such as `rate_limited`, never from data. */
  count(name: SignalName, kind: string, by?: number): void;
}

/** What connectors count; the metrics page says what each means. */
export type SignalName = "source_errors" | "sink_errors" | "sink_documents";

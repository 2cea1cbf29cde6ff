/** Where a connector counts what it meets. */
export interface Signals {
  /** Adds to a counter; `kind` comes from a short fixed list, such as `siem_rate_limited`, never from data. */
  count(name: SignalName, kind: string, by?: number): void;
  /** How far a source is behind, in seconds by ingest time: the age of the newest document read, 0 when it has all. */
  lag?(seconds: number): void;
}

/** What connectors count: errors by code, and what became of written documents. */
export type SignalName = "source_errors" | "sink_errors" | "sink_documents";

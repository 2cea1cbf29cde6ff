/** Where an event happened; L1 reads both, sessions never mix them. */
export type Platform = "linux" | "k8s_audit";

/** A normalized event: what one document says was done, by whom, where and when. */
export interface Event {
  /** Deterministic: the same document gives the same id in every run, so a replay changes nothing. */
  readonly id: string;
  readonly platform: Platform;
  /** What L1 reads: a command line, or the one-line form of a Kubernetes audit event. */
  readonly text: string;
  /** Event time in milliseconds since 1970, with a fraction where the document is finer; absent when it has none. */
  readonly timeMs?: number;
  /** The time as the document wrote it, all digits kept. */
  readonly time?: string;
  /** Events of one key, in event order, are a session. */
  readonly sessionKey: string;
  /** Which candidate gave the key, e.g. `process.entry_leader.entity_id`, or `fallback:host+user`. */
  readonly sessionKeyFrom: string;
  readonly host?: string;
  readonly user?: string;
  readonly executable?: string;
  readonly parent?: string;
  /** What else the document says that rules or people may ask for, such as a response code; L1 does not read it. */
  readonly facts?: Readonly<Record<string, string>>;
  /** The mapping that read the document, `name@version`. */
  readonly mapping: string;
  /** Parts of the event were lost before it reached us (audit records missing, arguments truncated). */
  readonly incomplete?: boolean;
  readonly origin: Origin;
}

/** The place of a document in its source. */
export interface Origin {
  /** Connector instance, e.g. `file`. */
  readonly source: string;
  /** File path, index name, or stream. */
  readonly container: string;
  /** Document id there, or `line:N` (1-based) in a file. */
  readonly document: string;
  /** Rising number within the container; orders events of equal time. */
  readonly sequence: number;
}

/** Event order: time, then place in the source, then id. Events without a time come where they stand in the source. */
export function compareEventOrder(a: EventOrder, b: EventOrder): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** What event order needs to know. */
export interface EventOrder {
  readonly timeMs: number;
  readonly sequence: number;
  readonly id: string;
}

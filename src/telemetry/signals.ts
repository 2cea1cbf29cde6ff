/** What a run counts; one object a run, read by the progress line and the summary. */
export interface Counts {
  documents: number;
  events: number;
  skipped: number;
  deadLetters: number;
  labelled: number;
  /** Events that came too late to change the verdict of their session. */
  lateEvents: number;
  /** Matched events that came too late for correlations to count them. */
  lateMatches: number;
  readonly skips: Map<string, number>;
  readonly mappings: Map<string, number>;
  readonly rejects: Map<string, number>;
}

/** All counts at zero. */
export function createCounts(): Counts {
  return {
    documents: 0,
    events: 0,
    skipped: 0,
    deadLetters: 0,
    labelled: 0,
    lateEvents: 0,
    lateMatches: 0,
    skips: new Map(),
    mappings: new Map(),
    rejects: new Map(),
  };
}

/** Adds one to a named count. The names come from mappings and error codes, so the map stays small. */
export function countName(map: Map<string, number>, name: string): void {
  map.set(name, (map.get(name) ?? 0) + 1);
}

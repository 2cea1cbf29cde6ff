import type { EventOrder } from "../event/event.ts";

/** What a verdict needs of an event of an open session; event order is time, sequence, id. */
export interface StoredEvent extends EventOrder {
  readonly sessionKey: string;
  readonly host?: string;
  readonly user?: string;
  readonly platform: string;
  /** Tag index in the vocabulary (0 to 65,535) and score, best first. */
  readonly labels: readonly (readonly [tagIndex: number, score: number])[];
}

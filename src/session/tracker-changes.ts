import type { EventLog } from "./event-log.ts";
import { type StoredEvent, storedEvent } from "./stored-event.ts";
import type { TagProfiles } from "./tag-profiles.ts";
import type { TrackedSession } from "./tracked-session.ts";
import { encodeMeta, encodeNote } from "./tracker-note.ts";

/** What must be remembered of one session beside its events, as short JSON text. */
export interface SessionNote {
  readonly sessionKey: string;
  readonly note: string;
}

/** Of a session, the events up to and including a time. */
export interface ExpiredEvents {
  readonly sessionKey: string;
  readonly untilTimeMs: number;
}

/** What changed since the last call; to be stored in one transaction, in this order. */
export interface TrackerChanges {
  /** New events to keep. */
  readonly events: readonly StoredEvent[];
  /** Each replaces the note of its session; later ones win. */
  readonly notes: readonly SessionNote[];
  /** Events that may be deleted. */
  readonly expired: readonly ExpiredEvents[];
  /** Sessions whose notes may be deleted. */
  readonly forgotten: readonly string[];
  /** Replaces the tracker's own note. */
  readonly meta: string;
}

/** Collects changes from one `take` to the next; does nothing when switched off. */
export class ChangeRecorder {
  readonly #on: boolean;
  readonly #profiles: TagProfiles;
  #events: StoredEvent[] = [];
  #noted = new Set<TrackedSession>();
  #expired: ExpiredEvents[] = [];
  #forgotten = new Set<string>();

  constructor(profiles: TagProfiles, on: boolean) {
    this.#profiles = profiles;
    this.#on = on;
  }

  event(sessionKey: string, log: EventLog, position: number): void {
    if (this.#on) this.#events.push(storedEvent(this.#profiles, sessionKey, log, position));
  }

  note(session: TrackedSession): void {
    if (!this.#on) return;
    this.#noted.add(session);
    this.#forgotten.delete(session.key);
  }

  expire(session: TrackedSession): void {
    if (!this.#on) return;
    this.note(session);
    this.#expired.push({ sessionKey: session.key, untilTimeMs: session.base.untilMs });
  }

  forget(sessionKey: string): void {
    if (this.#on) this.#forgotten.add(sessionKey);
  }

  take(watermarkMs: number): TrackerChanges {
    const changes = {
      events: this.#events,
      notes: [...this.#noted].map((session) => ({ sessionKey: session.key, note: encodeNote(session) })),
      expired: this.#expired,
      forgotten: [...this.#forgotten],
      meta: encodeMeta(this.#profiles, watermarkMs),
    };
    this.#events = [];
    this.#noted = new Set();
    this.#expired = [];
    this.#forgotten = new Set();
    return changes;
  }
}

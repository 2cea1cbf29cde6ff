import { DeadlineQueue } from "./deadline-queue.ts";
import { EventLog } from "./event-log.ts";
import type { EventStore } from "./event-store.ts";
import { newSession, type SessionBase, TrackedSession } from "./tracked-session.ts";
import type { ChangeRecorder } from "./tracker-changes.ts";

/** How long sessions and their keys are kept. */
export interface RegistrySettings {
  readonly idleMs: number;
  readonly retentionMs: number;
  readonly maxRememberedKeys: number;
}

/** All tracked sessions: by key, by how long they have been quiet, and by when they are next due. */
export class SessionRegistry {
  readonly open = new Set<TrackedSession>();
  /** Closed sessions whose events are still kept, closed longest ago first. */
  readonly closed = new Set<TrackedSession>();
  readonly store: EventStore;
  readonly #sessions = new Map<string, TrackedSession>();
  /** Where returning keys continue, oldest first. */
  readonly #remembered = new Map<string, SessionBase>();
  readonly #queue = new DeadlineQueue<TrackedSession>();
  readonly #settings: RegistrySettings;
  #created = 0;
  readonly #changes: ChangeRecorder;

  constructor(store: EventStore, settings: RegistrySettings, changes: ChangeRecorder) {
    this.store = store;
    this.#settings = settings;
    this.#changes = changes;
  }

  find(key: string): TrackedSession | undefined {
    return this.#sessions.get(key);
  }

  /** Time of the last event that was forgotten of a key; `session` is its session, if there is one. */
  forgottenUntil(session: TrackedSession | undefined, key: string): number {
    return (session === undefined ? (this.#remembered.get(key) ?? newSession) : session.base).untilMs;
  }

  create(key: string): TrackedSession {
    this.#created += 1;
    const session = new TrackedSession(
      new EventLog(this.store, this.#created),
      key,
      this.#remembered.get(key) ?? newSession,
    );
    this.#remembered.delete(key);
    this.#sessions.set(key, session);
    return session;
  }

  all(): IterableIterator<TrackedSession> {
    return this.#sessions.values();
  }

  /** Puts a session among the open or the closed ones after it has changed. */
  settle(session: TrackedSession): void {
    const { isOpen, settledOpen } = session;
    if (settledOpen === isOpen) return;
    session.settledOpen = isOpen;
    (isOpen ? this.open : this.closed).add(session);
    (isOpen ? this.closed : this.open).delete(session);
    if (settledOpen !== undefined) this.#changes.note(session);
    this.schedule(session);
  }

  /** Open sessions, quiet longest first. */
  byArrival(): TrackedSession[] {
    return [...this.open].sort((a, b) => a.arrival - b.arrival);
  }

  schedule(session: TrackedSession): void {
    const { idleMs, retentionMs } = this.#settings;
    const oldestMs = session.segments[0]?.lastTimeMs ?? 0;
    this.#queue.schedule(session, session.isOpen ? session.lastTimeMs + idleMs : oldestMs + idleMs + retentionMs);
  }

  /** Sessions to look at now that event time has come to `watermarkMs`, in an order that does not depend on arrival. */
  takeDue(watermarkMs: number): TrackedSession[] {
    return this.#queue.takeDue(watermarkMs).sort(compareSessions);
  }

  /** Forgets the closed segments that no accepted event can reach any more; a session without segments is dropped. */
  expire(session: TrackedSession, watermarkMs: number): void {
    const { idleMs, retentionMs } = this.#settings;
    const { segments } = session;
    let count = 0;
    for (let i = 0; i < segments.length; i += 1) {
      const segment = segments[i];
      if (segment?.closed !== true || watermarkMs - segment.lastTimeMs <= idleMs + retentionMs) break;
      // Events are forgotten by time, so a segment that begins within the same millisecond goes with this one.
      if (segments[i + 1]?.firstTimeMs !== segment.lastTimeMs) count = i + 1;
    }
    this.forget(session, count);
  }

  /** Forgets the first segments of a session. */
  forget(session: TrackedSession, count: number): void {
    if (count === 0) return;
    session.forget(count);
    this.#changes.expire(session);
    if (session.segments.length === 0) this.#drop(session);
  }

  /** Takes in where a key without events continues. */
  remember(key: string, base: SessionBase): void {
    this.#remembered.set(key, base);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= this.#settings.maxRememberedKeys) return;
      this.#remembered.delete(oldest);
      this.#changes.forget(oldest);
    }
  }

  #drop(session: TrackedSession): void {
    this.open.delete(session);
    this.closed.delete(session);
    this.#sessions.delete(session.key);
    this.remember(session.key, session.base);
  }
}

/** By last event time, then key. */
export function compareSessions(a: TrackedSession, b: TrackedSession): number {
  if (a.lastTimeMs !== b.lastTimeMs) return a.lastTimeMs - b.lastTimeMs;
  return a.key < b.key ? -1 : 1;
}

import type { Verdict } from "../event/verdict.ts";
import { EventStore, type SessionEvent } from "./event-store.ts";
import { eventTimes, timeOrder } from "./event-times.ts";
import { closeSession, extendSession, recutSession } from "./judge-session.ts";
import { cutSegments, startsNext } from "./segment.ts";
import { compareSessions, SessionRegistry } from "./session-registry.ts";
import { restoredEvent, type StoredEvent } from "./stored-event.ts";
import type { TrackedSession } from "./tracked-session.ts";
import { ChangeRecorder, type SessionNote, type TrackerChanges } from "./tracker-changes.ts";
import { decodeMeta, decodeNote, noMemory } from "./tracker-note.ts";
import { defaultTrackerSettings, type SegmentRules, segmentRules, type TrackerSettings } from "./tracker-settings.ts";

/** Counters since start, and sizes now. */
export interface TrackerStats {
  readonly openSessions: number;
  readonly retainedEvents: number;
  /** Events too far behind to change their session. */
  readonly lateDropped: number;
  /** Events that their session had already. */
  readonly duplicates: number;
  /** Events without a believable time of their own. */
  readonly timesReplaced: number;
  /** Sessions closed because too many were open. */
  readonly sessionsEvicted: number;
  /** Events forgotten early because too many were kept. */
  readonly eventsEvicted: number;
}

/** Settings of a tracker; only the scorer has no default. */
export type TrackerOptions = Pick<TrackerSettings, "scorer"> & Partial<TrackerSettings>;

/** Starts an empty tracker. */
export function createSessionTracker(options: TrackerOptions): SessionTracker {
  return new SessionTracker({ ...defaultTrackerSettings, ...options });
}

/**
 * Turns labelled events into verdicts on sessions. A verdict follows from the labels of a segment in event order alone,
 * so events may arrive in any order and any number of times. Not for concurrent use; nothing here waits.
 */
export class SessionTracker {
  readonly #settings: TrackerSettings;
  readonly #rules: SegmentRules;
  readonly #changes: ChangeRecorder;
  readonly #registry: SessionRegistry;
  /** Sessions with events inserted by the current batch. */
  readonly #inserted = new Set<TrackedSession>();
  readonly #counts = { lateDropped: 0, duplicates: 0, timesReplaced: 0, sessionsEvicted: 0, eventsEvicted: 0 };
  #verdicts: Verdict[] = [];
  #arrivals = 0;
  #watermarkMs = Number.NEGATIVE_INFINITY;

  constructor(settings: TrackerSettings) {
    this.#settings = settings;
    this.#rules = segmentRules(settings);
    this.#changes = new ChangeRecorder(settings.scorer.space.profiles, settings.recordChanges);
    const retentionMs = settings.retentionSecs * 1000;
    const { idleMs } = this.#rules;
    const { maxRememberedKeys } = settings;
    const store = new EventStore(this.#rules.space.profiles);
    this.#registry = new SessionRegistry(store, { idleMs, retentionMs, maxRememberedKeys }, this.#changes);
  }

  get stats(): TrackerStats {
    return { openSessions: this.#registry.open.size, retainedEvents: this.#registry.store.count, ...this.#counts };
  }

  /** Takes in a batch that arrives at `nowMs`; gives the verdicts it changes, each an upsert by id. */
  add(batch: readonly SessionEvent[], nowMs: number): Verdict[] {
    const { times, replaced } = eventTimes(batch, {
      latestMs: nowMs + this.#settings.maxFutureSecs * 1000,
      lastOf: (key) => this.#registry.find(key)?.lastTimeMs,
      fallbackMs: [this.#watermarkMs, nowMs].find(Number.isFinite) ?? 0,
    });
    this.#counts.timesReplaced += replaced;
    const horizonMs = this.#eventTimeMs() - this.#settings.retentionSecs * 1000;
    const order = timeOrder(times);
    const lateBefore = this.#counts.lateDropped;
    for (let i = 0; i < batch.length; i += 1) {
      const place = order === undefined ? i : (order[i] ?? 0);
      const event = batch[place];
      if (event !== undefined) this.#take(event, times[place] ?? 0, horizonMs, nowMs);
    }
    const late = this.#counts.lateDropped - lateBefore;
    if (late > 0) this.#settings.onLate(late);
    this.#recutInserted();
    this.#reviewDue();
    this.#enforceBounds();
    return this.#takeVerdicts();
  }

  /**
   * All events up to this time have come, give or take the retention; gives the verdicts of what has been idle for too
   * long by it. For a tracker with `isTimeGiven`, which goes by nothing else.
   */
  advanceTo(timeMs: number): Verdict[] {
    if (timeMs > this.#watermarkMs) this.#watermarkMs = timeMs;
    this.#reviewDue();
    return this.#takeVerdicts();
  }

  /** Gives the final verdicts of all running sessions: the input has ended. */
  closeAll(): Verdict[] {
    for (const session of [...this.#registry.all()].sort(compareSessions)) this.#close(session);
    return this.#takeVerdicts();
  }

  /** Whether `closeIdle` is what closes sessions of a live stream, however much comes of others. */
  get closesByClock(): boolean {
    return !this.#settings.followsEventTime;
  }

  /**
   * Gives the final verdicts of sessions to which nothing has come for the idle time; for live streams, now and then. A
   * tracker that does not follow event time also forgets what was closed for longer than the retention, and the segments of a
   * session that its own events have left so far behind.
   */
  closeIdle(nowMs: number): Verdict[] {
    for (const session of this.#registry.byArrival()) {
      if (nowMs - session.arrivedMs > this.#rules.idleMs) this.#close(session);
    }
    if (this.closesByClock) this.#forgetByClock(nowMs);
    return this.#takeVerdicts();
  }

  /** What is to be stored since the last call, when `recordChanges` is set. */
  takeChanges(): TrackerChanges {
    return this.#changes.take(this.#watermarkMs);
  }

  /**
   * Continues from what `takeChanges` handed out, on an empty tracker: further batches give the same verdicts as if there
   * had been no stop. Events in any order. Throws `session_state_incompatible` when the notes are damaged.
   */
  restore(events: Iterable<StoredEvent>, notes: Iterable<SessionNote>, meta: string, nowMs: number): void {
    const { profiles } = this.#rules.space;
    this.#watermarkMs = decodeMeta(profiles, meta);
    const memories = new Map(Array.from(notes, ({ sessionKey, note }) => [sessionKey, decodeNote(note)]));
    for (const [key, { base }] of memories) this.#registry.remember(key, base);
    for (const stored of events) {
      const session = this.#registry.find(stored.sessionKey) ?? this.#registry.create(stored.sessionKey);
      session.log.add(restoredEvent(profiles, stored), stored.timeMs);
    }
    for (const session of this.#registry.all()) {
      const memory = memories.get(session.key) ?? noMemory;
      session.arrivedMs = nowMs;
      session.replaceSegments(cutSegments(session.log, 0, this.#rules));
      session.segments.forEach((segment, position) => {
        segment.emitted = memory.emitted[position];
        segment.closed = segment !== session.current || memory.closed;
      });
    }
    for (const session of [...this.#registry.all()].sort(compareSessions)) {
      this.#arrivals += 1;
      session.arrival = this.#arrivals;
      this.#registry.settle(session);
    }
  }

  #take(event: SessionEvent, timeMs: number, horizonMs: number, nowMs: number): void {
    const { id, sessionKey } = event.event;
    const found = this.#registry.find(sessionKey);
    if (timeMs < horizonMs || timeMs <= this.#registry.forgottenUntil(found, sessionKey)) {
      if (found?.log.has(id)) this.#counts.duplicates += 1;
      else this.#counts.lateDropped += 1;
      return;
    }
    const session = found ?? this.#registry.create(sessionKey);
    const position = session.log.add(event, timeMs);
    if (position < 0) {
      this.#counts.duplicates += 1;
      return;
    }
    this.#arrivals += 1;
    session.arrival = this.#arrivals;
    session.arrivedMs = nowMs;
    if (!this.#settings.isTimeGiven && timeMs > this.#watermarkMs) this.#watermarkMs = timeMs;
    this.#changes.event(sessionKey, session.log, position);
    if (this.#continues(session, position, timeMs)) {
      extendSession(this.#rules, session, this.#emit);
      this.#registry.settle(session);
      return;
    }
    session.insertedAt = session.insertedAt < 0 ? position : Math.min(session.insertedAt, position);
    this.#inserted.add(session);
  }

  /** Whether the event at `position` simply comes last, so that nothing judged so far changes. */
  #continues(session: TrackedSession, position: number, timeMs: number): boolean {
    if (session.insertedAt >= 0 || position !== session.log.length - 1) return false;
    const { current } = session;
    return current?.closed !== true || startsNext(current, timeMs, this.#rules);
  }

  #recutInserted(): void {
    for (const session of this.#inserted) {
      recutSession(this.#rules, session, this.#eventTimeMs(), this.#emit);
      this.#changes.note(session);
      this.#registry.settle(session);
    }
    this.#inserted.clear();
  }

  /** The event time that sessions are closed by. */
  #eventTimeMs(): number {
    return this.#settings.followsEventTime ? this.#watermarkMs : Number.NEGATIVE_INFINITY;
  }

  #reviewDue(): void {
    if (!this.#settings.followsEventTime) return;
    for (const session of this.#registry.takeDue(this.#watermarkMs)) {
      if (this.#watermarkMs - session.lastTimeMs > this.#rules.idleMs) this.#close(session);
      this.#registry.expire(session, this.#watermarkMs);
      if (session.segments.length > 0) this.#registry.schedule(session);
    }
  }

  #enforceBounds(): void {
    const { open, closed } = this.#registry;
    if (open.size > this.#settings.maxOpenSessions) this.#evictSessions(open.size - this.#settings.maxOpenSessions);
    for (const session of closed) {
      if (this.#registry.store.count <= this.#settings.maxRetainedEvents) return;
      this.#evictEvents(session);
    }
    if (this.#registry.store.count > this.#settings.maxRetainedEvents) this.#evictEventsOfOpen();
  }

  #evictSessions(count: number): void {
    this.#counts.sessionsEvicted += count;
    for (const session of this.#registry.byArrival().slice(0, count)) this.#close(session);
  }

  #evictEventsOfOpen(): void {
    for (const session of this.#registry.byArrival()) {
      if (this.#registry.store.count <= this.#settings.maxRetainedEvents) return;
      this.#close(session);
      this.#evictEvents(session);
    }
  }

  #evictEvents(session: TrackedSession): void {
    this.#counts.eventsEvicted += session.log.length;
    this.#registry.forget(session, session.segments.length);
  }

  #forgetByClock(nowMs: number): void {
    const keptMs = this.#rules.idleMs + this.#settings.retentionSecs * 1000;
    for (const session of this.#registry.closed) {
      if (nowMs - session.arrivedMs > keptMs) this.#registry.forget(session, session.segments.length);
    }
    for (const session of this.#registry.open) this.#registry.expire(session, session.lastTimeMs);
  }

  #close(session: TrackedSession): void {
    closeSession(this.#rules, session, this.#emit);
    this.#registry.settle(session);
  }

  readonly #emit = (session: TrackedSession, verdict: Verdict): void => {
    this.#verdicts.push(verdict);
    this.#changes.note(session);
  };

  #takeVerdicts(): Verdict[] {
    const verdicts = this.#verdicts;
    this.#verdicts = [];
    return verdicts;
  }
}

import type { SessionEvent as TrackedEvent } from "../session/event-store.ts";
import type { SessionTracker } from "../session/session-tracker.ts";
import type { StoredEvent as SessionEvent } from "../session/stored-event.ts";
import type { TrackerChanges } from "../session/tracker-changes.ts";
import type { Forget } from "../state/event-store.ts";
import type { StoredEvent } from "../state/stored-event.ts";
import type { SessionChanges, SessionStage, StoredSessions } from "./session-stage.ts";

/** Where the tracker's own note stands among the sessions' notes; no session key starts with NUL. */
const trackerKey = "\0tracker";

/**
 * Puts a session tracker between the pipeline and its state. `now` is wall-clock milliseconds. With `closeEveryMs` sessions are
 * closed by the clock so often, however much comes of others: for live sources whose event times are not gone by.
 */
export function createSessionStage(tracker: SessionTracker, now: () => number, closeEveryMs?: number) {
  let closedMs = now();
  return {
    add: (events: readonly TrackedEvent[]) => {
      const nowMs = now();
      const verdicts = tracker.add(events, nowMs);
      if (closeEveryMs === undefined || Math.abs(nowMs - closedMs) < closeEveryMs) return verdicts;
      closedMs = nowMs;
      return [...verdicts, ...tracker.closeIdle(nowMs)];
    },
    closeIdle: (nowMs: number) => tracker.closeIdle(nowMs),
    closeAll: () => tracker.closeAll(),
    changes: (): SessionChanges => toStep(tracker.takeChanges()),
    restore(state: StoredSessions) {
      const notes = [...state.sessionMeta()].map(([sessionKey, note]) => ({ sessionKey, note }));
      const own = notes.find(({ sessionKey }) => sessionKey === trackerKey);
      if (own === undefined) return;
      const sessions = notes.filter((note) => note !== own);
      tracker.restore(storedEvents(state), sessions, own.note, now());
    },
  } satisfies SessionStage;
}

function* storedEvents(state: StoredSessions): IterableIterator<SessionEvent> {
  for (const key of state.sessionKeys()) {
    for (const event of state.eventsOf(key)) {
      yield { ...event, platform: event.platform === "k8s_audit" ? "k8s_audit" : "linux" };
    }
  }
}

function toStep({ events, notes, expired, forgotten, meta }: TrackerChanges): SessionChanges {
  const expiredUntil = new Map(expired.map(({ sessionKey, untilTimeMs }) => [sessionKey, untilTimeMs]));
  const isKept = (event: SessionEvent): boolean =>
    event.timeMs > (expiredUntil.get(event.sessionKey) ?? Number.NEGATIVE_INFINITY);
  const sessionMeta: [string, string | null][] = notes.map(({ sessionKey, note }) => [sessionKey, note]);
  for (const sessionKey of forgotten) sessionMeta.push([sessionKey, null]);
  sessionMeta.push([trackerKey, meta]);
  const forget: Forget[] = expired.map(({ sessionKey, untilTimeMs }) => ({
    kind: "until",
    sessionKey,
    until: { timeMs: untilTimeMs, sequence: Number.POSITIVE_INFINITY, id: "" },
  }));
  return { addEvents: events.filter(isKept).map(toStored), forget, sessionMeta };
}

/** The labeller's tags are the vocabulary's, so every stored tag is a position. */
function toStored(event: SessionEvent): StoredEvent {
  const labels = event.labels.flatMap(([tag, score]): [number, number][] =>
    typeof tag === "number" ? [[tag, score]] : [],
  );
  return { ...event, labels };
}

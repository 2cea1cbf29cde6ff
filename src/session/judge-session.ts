import type { Verdict } from "../event/verdict.ts";
import { cutSegments, type Segment, startsNext } from "./segment.ts";
import { segmentVerdict, withdrawnVerdict } from "./segment-verdict.ts";
import type { TrackedSession } from "./tracked-session.ts";
import type { SegmentRules } from "./tracker-settings.ts";

/** Where verdicts go. */
export type Emit = (session: TrackedSession, verdict: Verdict) => void;

/** Takes in the event at place `index` of the session's log, the newest in event order; the session must be open or new. */
export function extendSession(rules: SegmentRules, session: TrackedSession, index: number, emit: Emit): void {
  const { log } = session;
  let segment = session.current;
  if (segment === undefined || startsNext(segment, log.times[index] ?? 0, rules)) {
    closeSession(rules, session, emit);
    segment = session.startSegment(log.length - 1);
    segment.replay(rules.space, log);
  }
  segment.extend(log, index);
  if (isMark(rules, segment.count)) judgeOnline(rules, session, segment, emit);
}

/** Gives the final verdict of the session's last segment, unless it has had it. */
export function closeSession(rules: SegmentRules, session: TrackedSession, emit: Emit): void {
  const segment = session.current;
  if (segment === undefined || segment.closed) return;
  judgeFinally(rules, session, segment, emit);
}

/** Cuts the session anew after events were inserted, and judges again every segment whose events have changed. */
export function recutSession(rules: SegmentRules, session: TrackedSession, watermarkMs: number, emit: Emit): void {
  const kept = firstAffected(session.segments, session.insertedAt);
  const old = session.segments.slice(kept);
  const last = old.at(-1);
  const cut = cutSegments(session.log, old[0]?.start ?? 0, rules);
  session.segments = [...session.segments.slice(0, kept), ...cut];
  session.insertedAt = -1;
  cut.forEach((segment, position) => {
    const before = old[position];
    segment.emitted = before?.emitted;
    segment.closed = segment !== session.current || staysClosed(rules, segment, last, watermarkMs);
    if (before?.holdsSameEvents(segment) && before.closed === segment.closed) segment.state = before.state;
    else judgeAgain(rules, session, segment, watermarkMs, emit);
  });
  old.slice(cut.length).forEach((segment, position) => {
    if (segment.emitted === undefined) return;
    emit(session, withdrawnVerdict(rules.scorer, session, segment, kept + cut.length + position));
  });
}

/** The segment that holds the event before the insertion may change, the ones before it cannot. */
function firstAffected(segments: readonly Segment[], position: number): number {
  return Math.max(
    0,
    segments.findLastIndex((segment) => segment.start < position),
  );
}

/** A closed session opens again when its end moves, unless that end is idle for too long already. */
function staysClosed(rules: SegmentRules, segment: Segment, last: Segment | undefined, watermarkMs: number): boolean {
  if (last?.closed !== true) return false;
  return segment.lastTimeMs <= last.lastTimeMs || watermarkMs - segment.lastTimeMs > rules.idleMs;
}

function judgeAgain(
  rules: SegmentRules,
  session: TrackedSession,
  segment: Segment,
  watermarkMs: number,
  emit: Emit,
): void {
  segment.replay(rules.space, session.log);
  if (segment.closed) judgeFinally(rules, session, segment, emit);
  else if (segment.count >= rules.minWindowSize && watermarkMs - segment.lastTimeMs <= rules.idleMs) {
    judgeOnline(rules, session, segment, emit);
  }
}

function isMark({ minWindowSize, scoreEvery }: SegmentRules, count: number): boolean {
  return count >= minWindowSize && (count - minWindowSize) % scoreEvery === 0;
}

function judgeOnline(rules: SegmentRules, session: TrackedSession, segment: Segment, emit: Emit): void {
  if (rules.emit === "final" || segment.state === undefined) return;
  const label = rules.scorer.judge(segment.state.features);
  if (rules.emit === "changes" && label === segment.emitted) return;
  segment.emitted = label;
  emit(session, segmentVerdict(rules.scorer, session, segment, "online"));
}

function judgeFinally(rules: SegmentRules, session: TrackedSession, segment: Segment, emit: Emit): void {
  const verdict = segmentVerdict(rules.scorer, session, segment, "final");
  segment.closed = true;
  segment.emitted = verdict.verdict;
  segment.state = undefined;
  emit(session, verdict);
}

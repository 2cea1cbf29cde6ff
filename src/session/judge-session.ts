import type { Verdict } from "../event/verdict.ts";
import { cutSegments, type Segment, startsNext } from "./segment.ts";
import { segmentVerdict, withdrawnVerdict } from "./segment-verdict.ts";
import type { TrackedSession } from "./tracked-session.ts";
import type { SegmentRules } from "./tracker-settings.ts";

/** Where verdicts go. */
export type Emit = (session: TrackedSession, verdict: Verdict) => void;

/** Takes in the newest event in event order, which the session's log already has. */
export function extendSession(rules: SegmentRules, session: TrackedSession, emit: Emit): void {
  const { log } = session;
  const position = log.length - 1;
  const timeMs = log.timeAt(position);
  let segment = session.current;
  if (segment === undefined || startsNext(segment, timeMs, rules)) {
    closeSession(rules, session, emit);
    segment = session.startSegment(position);
  }
  segment.extend(log.order[position] ?? 0, timeMs);
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
  session.replaceSegments([...session.segments.slice(0, kept), ...cut]);
  session.insertedAt = -1;
  cut.forEach((segment, position) => {
    const before = old[position];
    segment.emitted = before?.emitted;
    segment.closed = segment !== session.current || staysClosed(rules, segment, last, watermarkMs);
    if (before?.holdsSameEvents(segment) && before.closed === segment.closed) segment.adopt(before);
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
  if (segment.closed) judgeFinally(rules, session, segment, emit);
  else if (segment.count >= rules.minWindowSize && watermarkMs - segment.lastTimeMs <= rules.idleMs) {
    judgeOnline(rules, session, segment, emit);
  }
}

function isMark({ minWindowSize, scoreEvery }: SegmentRules, count: number): boolean {
  return count >= minWindowSize && (count - minWindowSize) % scoreEvery === 0;
}

function judgeOnline(rules: SegmentRules, session: TrackedSession, segment: Segment, emit: Emit): void {
  if (rules.emit === "final") return;
  const label = rules.scorer.judge(segment.catchUp(rules.scorer, session.log).features);
  if (rules.emit === "changes" && label === segment.emitted) return;
  segment.emitted = label;
  emit(session, segmentVerdict(rules.scorer, session, segment, "online"));
}

function judgeFinally(rules: SegmentRules, session: TrackedSession, segment: Segment, emit: Emit): void {
  const verdict = segmentVerdict(rules.scorer, session, segment, "final");
  segment.emitted = verdict.verdict;
  segment.close();
  emit(session, verdict);
}

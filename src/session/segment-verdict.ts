import type { Verdict } from "../event/verdict.ts";
import type { Segment } from "./segment.ts";
import type { SessionScorer } from "./session-scorer.ts";
import type { TrackedSession } from "./tracked-session.ts";

/** Judges a segment as it stands. */
export function segmentVerdict(
  scorer: SessionScorer,
  session: TrackedSession,
  segment: Segment,
  phase: Verdict["phase"],
): Verdict {
  const state = segment.catchUp(scorer, session.log);
  const score = scorer.score(state.features);
  return {
    ...identity(session, segment, session.segments.indexOf(segment)),
    verdict: score.label,
    score: score.riskProbability,
    threshold: scorer.threshold,
    modelProbability: score.adjustedProbability,
    phase,
    events: segment.count,
    firstTimeMs: segment.firstTimeMs,
    lastTimeMs: segment.lastTimeMs,
    tags: state.tags.map((tag) => scorer.space.profiles.ids[tag] ?? ""),
    contributions: scorer.explain(state.features),
    hosts: [...state.hosts],
    users: [...state.users],
    model: scorer.modelName,
  };
}

/**
 * Withdraws the verdict of a segment that late events have merged with the one before it: the same id with no events.
 * `position` is its place among the segments there were.
 */
export function withdrawnVerdict(
  scorer: SessionScorer,
  session: TrackedSession,
  segment: Segment,
  position: number,
): Verdict {
  return {
    ...identity(session, segment, position),
    verdict: "normal_operation",
    score: 0,
    threshold: scorer.threshold,
    modelProbability: 0,
    phase: "final",
    events: 0,
    firstTimeMs: segment.firstTimeMs,
    lastTimeMs: segment.lastTimeMs,
    tags: [],
    contributions: [],
    hosts: [],
    users: [],
    model: scorer.modelName,
  };
}

function identity(session: TrackedSession, segment: Segment, position: number) {
  const number = session.base.segments + position + 1;
  return {
    id: number === 1 ? session.key : `${session.key}#part${number}`,
    sessionKey: session.key,
    segment: number,
    platform: session.log.placeAt(segment.firstIndex)?.platform ?? "linux",
  };
}

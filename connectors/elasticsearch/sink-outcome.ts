import type { DeadLetter, SinkContext, Verdict } from "#sdk";
import { eventStart } from "./bulk-item.ts";
import { ecsVersion } from "./sink-label.ts";
import { isoTime, wellFormedJson } from "./sink-text.ts";
import { threatProperty } from "./sink-threat.ts";

/**
 * A verdict as a document, timed by its last event: `event.kind` is `alert` for an intrusion, else `state`, as ECS says of
 * detections made outside the SIEM and of the state of things.
 */
export function verdictDocument(verdict: Verdict, context: SinkContext, nowMs: number): string {
  const isAlert = verdict.verdict === "intrusion";
  const start = isoTime(verdict.firstTimeMs);
  const end = isoTime(verdict.lastTimeMs);
  const tags = [...new Set(verdict.tags)];
  const event = {
    kind: isAlert ? "alert" : "state",
    id: verdict.id,
    module: "tagsmith",
    dataset: "tagsmith.verdicts",
    risk_score: Math.round(verdict.score * 1_000) / 10,
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
  const document = {
    "@timestamp": end ?? isoTime(nowMs),
    ecs: { version: ecsVersion },
    message: `Session judged ${verdict.verdict} (${verdict.score.toFixed(2)}, threshold ${verdict.threshold}), ${verdict.events} events: ${verdict.tags.join(" → ")}`,
    host: { name: verdict.hosts },
    user: { name: verdict.users },
    tags,
    labels: {
      tagsmith_model: verdict.model,
      tagsmith_platform: verdict.platform,
      tagsmith_session: verdict.sessionKey,
      tagsmith_verdict: verdict.verdict,
    },
    tagsmith: {
      platform: verdict.platform,
      tags,
      model: verdict.model,
      vocabulary: context.vocabulary,
      session: { key: verdict.sessionKey },
      verdict: verdictFields(verdict),
    },
  };
  const threat = threatProperty(tags, context.techniques);
  return `${eventStart}${wellFormedJson(event).slice(1)},${threat}${wellFormedJson(document).slice(1)}`;
}

function verdictFields(verdict: Verdict) {
  const { id, segment, score, threshold, phase, events, tags, contributions } = verdict;
  return {
    id,
    session_key: verdict.sessionKey,
    segment,
    verdict: verdict.verdict,
    score,
    threshold,
    model_probability: verdict.modelProbability,
    phase,
    events,
    tags,
    contributions,
  };
}

/** A dead letter as a document, timed by its writing; `event.kind` is ECS's word for what could not be read. */
export function deadLetterDocument(letter: DeadLetter, nowMs: number): string {
  const { id, code, reason, field, source, container, document, excerpt } = letter;
  const event = { kind: "pipeline_error", id, module: "tagsmith", dataset: "tagsmith.deadletters" };
  const rest = {
    "@timestamp": isoTime(nowMs),
    ecs: { version: ecsVersion },
    message: reason,
    error: { code, message: reason },
    tagsmith: { dead_letter: { id, code, reason, field, source, container, document, excerpt } },
  };
  return `${eventStart}${wellFormedJson(event).slice(1)},${wellFormedJson(rest).slice(1)}`;
}

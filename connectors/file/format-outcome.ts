import { type Alert, type DeadLetter, severityOf, type Verdict } from "#sdk";
import { formatTime } from "./format-time.ts";

/** A verdict as one line, newline included; timed by its last event, with the fields by which rules ask for it. */
export function formatVerdict(verdict: Verdict): string {
  const time = formatTime(verdict.lastTimeMs);
  const { verdict: judged, hosts, users, platform, model, sessionKey } = verdict;
  return `${JSON.stringify({
    ...(time !== undefined && { "@timestamp": time }),
    event: { kind: judged === "intrusion" ? "alert" : "state", id: verdict.id },
    host: { name: hosts },
    user: { name: users },
    tagsmith: {
      platform,
      tags: [...new Set(verdict.tags)],
      model,
      session: { key: sessionKey },
      verdict: verdictFields(verdict),
    },
  })}\n`;
}

function verdictFields(verdict: Verdict) {
  return {
    id: verdict.id,
    session_key: verdict.sessionKey,
    segment: verdict.segment,
    platform: verdict.platform,
    verdict: verdict.verdict,
    score: verdict.score,
    threshold: verdict.threshold,
    model_probability: verdict.modelProbability,
    phase: verdict.phase,
    events: verdict.events,
    first_time_ms: verdict.firstTimeMs,
    last_time_ms: verdict.lastTimeMs,
    tags: verdict.tags,
    contributions: verdict.contributions,
    hosts: verdict.hosts,
    users: verdict.users,
    model: verdict.model,
  };
}

/** An alert as one line, newline included; timed by its event. */
export function formatAlert(alert: Alert): string {
  const { id, kind, rule, timeMs, hosts, users } = alert;
  const time = formatTime(timeMs);
  return `${JSON.stringify({
    ...(time !== undefined && { "@timestamp": time }),
    event: { kind: "alert", id, severity: severityOf[rule.level] },
    rule: { id: rule.id, name: rule.name, version: rule.version },
    host: { name: hosts },
    user: { name: users },
    tagsmith: {
      text: alert.text,
      platform: alert.platforms,
      tags: alert.tags,
      score: alert.scores,
      alert: {
        id,
        kind,
        level: rule.level,
        session_key: alert.sessionKeys,
        event_ids: alert.eventIds,
        verdict: alert.verdict,
        group: alert.group,
      },
    },
  })}\n`;
}

/** A dead letter as one line, newline included. */
export function formatDeadLetter(letter: DeadLetter): string {
  const { id, code, reason, field, source, container, document, excerpt } = letter;
  return `${JSON.stringify({ id, code, reason, field, source, container, document, excerpt })}\n`;
}

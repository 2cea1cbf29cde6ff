import { type Alert, type SinkContext, severityOf, storableFacts } from "#sdk";
import { eventStart } from "./bulk-item.ts";
import { ecsVersion } from "./sink-label.ts";
import { isoTime, wellFormedJson } from "./sink-text.ts";
import { threatProperty } from "./sink-threat.ts";

/** An alert as a document, timed by its event: `event.kind` is ECS's word for detections made outside the SIEM. */
export function alertDocument(alert: Alert, context: SinkContext, nowMs: number): string {
  const { id, rule, hosts, users, tags, platforms } = alert;
  const severity = severityOf[rule.level];
  const event = {
    kind: "alert",
    id,
    module: "tagsmith",
    dataset: "tagsmith.alerts",
    severity,
    risk_score: severity,
  };
  const document = {
    "@timestamp": isoTime(alert.timeMs) ?? isoTime(nowMs),
    ecs: { version: ecsVersion },
    message: `${rule.name} (${rule.level})${alert.text === undefined ? "" : `: ${alert.text}`}`,
    rule: { id: rule.id, name: rule.name, version: rule.version },
    host: { name: hosts },
    user: { name: users },
    tags,
    labels: {
      tagsmith_model: context.model,
      tagsmith_platform: platforms,
      tagsmith_session: alert.sessionKeys,
      tagsmith_top_label: tags[0],
      tagsmith_verdict: alert.verdict,
    },
    tagsmith: {
      platform: platforms,
      tags,
      score: alert.scores,
      model: context.model,
      vocabulary: context.vocabulary,
      alert: {
        id,
        kind: alert.kind,
        level: rule.level,
        session_key: alert.sessionKeys,
        event_ids: alert.eventIds,
        group: alert.group === undefined ? undefined : storableFacts(alert.group),
      },
    },
  };
  const threat = threatProperty(tags, context.techniques);
  return `${eventStart}${wellFormedJson(event).slice(1)},${threat}${wellFormedJson(document).slice(1)}`;
}

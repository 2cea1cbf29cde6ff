import { type LabelledEvent, minStoredScore } from "../event/label.ts";
import { parentField } from "../event/parent-field.ts";
import { storableFacts } from "../event/storable-facts.ts";
import type { Verdict } from "../event/verdict.ts";
import type { Document } from "../sdk/document.ts";

/** A labelled event with the fields that are written of it (docs/documents.md), as rules see it. */
export function labelDocument({ event, topLabels, tags }: LabelledEvent, model: string): Document {
  const stored = topLabels.filter(({ score }) => score >= minStoredScore);
  const { host, user, facts, origin } = event;
  const time = isoTime(event.timeMs);
  return {
    ...(time !== undefined && { "@timestamp": time }),
    event: { kind: "enrichment", id: event.id },
    tagsmith: {
      event_id: event.id,
      text: event.text,
      platform: event.platform,
      session: { key: event.sessionKey, key_from: event.sessionKeyFrom },
      top_labels: topLabels,
      tags,
      score: Object.fromEntries(stored.map(({ label_id, score }) => [label_id, score])),
      mapping: event.mapping,
      model,
      origin: { source: origin.source, container: origin.container, document: origin.document },
      ...(event.incomplete === true && { incomplete: true }),
      ...(facts !== undefined && { facts: storableFacts(facts) }),
      ...(event.platform === "k8s_audit" && { orchestrator: { type: "kubernetes" } }),
      ...processOf(event),
    },
    ...(host !== undefined && { host: { name: host } }),
    ...(user !== undefined && { user: { name: user } }),
  };
}

/** A verdict as rules see it. */
export function verdictDocument(verdict: Verdict): Document {
  const time = isoTime(verdict.lastTimeMs);
  const tags = [...new Set(verdict.tags)];
  return {
    ...(time !== undefined && { "@timestamp": time }),
    event: { kind: verdict.verdict === "intrusion" ? "alert" : "state", id: verdict.id },
    host: { name: verdict.hosts },
    user: { name: verdict.users },
    tagsmith: {
      platform: verdict.platform,
      tags,
      model: verdict.model,
      session: { key: verdict.sessionKey },
      verdict: {
        id: verdict.id,
        session_key: verdict.sessionKey,
        segment: verdict.segment,
        verdict: verdict.verdict,
        score: verdict.score,
        threshold: verdict.threshold,
        model_probability: verdict.modelProbability,
        phase: verdict.phase,
        events: verdict.events,
        tags: verdict.tags,
        contributions: verdict.contributions,
      },
    },
  };
}

function processOf({ executable, parent }: LabelledEvent["event"]): Document {
  if (executable === undefined && parent === undefined) return {};
  return {
    process: {
      ...(executable !== undefined && { executable }),
      ...(parent !== undefined && { parent: parentOf(parent) }),
    },
  };
}

function parentOf(parent: string): Document {
  const field = parentField(parent);
  return { [field]: field === "pid" ? Number(parent) : parent };
}

/** Furthest time a Date can hold, in milliseconds. */
const maxTimeMs = 8.64e15;

function isoTime(timeMs: number | undefined): string | undefined {
  if (timeMs === undefined || !(Math.abs(timeMs) <= maxTimeMs)) return undefined;
  return new Date(Math.floor(timeMs)).toISOString();
}

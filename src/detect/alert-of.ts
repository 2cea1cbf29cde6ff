import { createHash } from "node:crypto";
import { type Alert, type AlertRule, maxAlertEvents } from "../event/alert.ts";
import type { LabelledEvent } from "../event/label.ts";
import { minStoredScore } from "../event/label.ts";
import type { Verdict } from "../event/verdict.ts";
import type { Document } from "../sdk/document.ts";
import type { Fired } from "./rule-set.ts";

/** A text that names these parts and nothing else. */
export function idOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** The alert of a rule that matched an event. */
export function labelAlert(id: string, rule: AlertRule, { event, topLabels, tags }: LabelledEvent): Alert {
  const scored = topLabels.filter(({ score }) => score >= minStoredScore);
  return {
    id,
    kind: "rule",
    rule: bare(rule),
    ...(event.timeMs !== undefined && { timeMs: event.timeMs }),
    eventIds: [event.id],
    sessionKeys: [event.sessionKey],
    hosts: event.host === undefined ? [] : [event.host],
    users: event.user === undefined ? [] : [event.user],
    platforms: [event.platform],
    tags,
    scores: Object.fromEntries(scored.map(({ label_id, score }) => [label_id, score])),
    text: event.text,
  };
}

/** The alert of a rule that matched a verdict. */
export function verdictAlert(id: string, rule: AlertRule, verdict: Verdict): Alert {
  return {
    id,
    kind: "rule",
    rule: bare(rule),
    timeMs: verdict.lastTimeMs,
    eventIds: [],
    sessionKeys: [verdict.sessionKey],
    hosts: verdict.hosts,
    users: verdict.users,
    platforms: [verdict.platform],
    tags: [...new Set(verdict.tags)],
    scores: {},
    verdict: verdict.verdict,
  };
}

/** The alert of a correlation: what its events hold, taken together. */
export function correlationAlert({ rule, timeMs, group, documents: counted }: Fired): Alert {
  const documents = distinct(counted);
  const all = (path: readonly string[]): string[] => [...new Set(documents.flatMap((one) => textsAt(one, path)))];
  const eventIds = all(["tagsmith", "event_id"]);
  const text = textsAt(counted.at(-1) ?? {}, ["tagsmith", "text"])[0];
  const groups = Object.entries(group).flat();
  const behind = documents.flatMap((one) => textsAt(one, ["event", "id"]));
  return {
    id: idOf("correlation", rule.id, String(timeMs), ...groups, ...new Set(behind)),
    kind: "correlation",
    rule: bare(rule),
    timeMs,
    eventIds: eventIds.slice(-maxAlertEvents),
    sessionKeys: all(["tagsmith", "session", "key"]).slice(-maxAlertEvents),
    hosts: all(["host", "name"]),
    users: all(["user", "name"]),
    platforms: all(["tagsmith", "platform"]),
    tags: all(["tagsmith", "tags"]),
    scores: highestScores(documents),
    ...(text !== undefined && { text }),
    group,
  };
}

/** A correlation over correlations counts the same event with many firings. */
function distinct(documents: readonly Document[]): readonly Document[] {
  const byId = new Map<unknown, Document>();
  for (const document of documents) {
    const id = valueAt(document, ["event", "id"]) ?? document;
    if (!byId.has(id)) byId.set(id, document);
  }
  return [...byId.values()];
}

function bare({ id, name, level, version }: AlertRule): AlertRule {
  return { id, name, level, ...(version !== undefined && { version }) };
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}

function textsAt(document: Document, path: readonly string[]): string[] {
  return [valueAt(document, path)].flat().filter((value) => typeof value === "string");
}

function highestScores(documents: readonly Document[]): Record<string, number> {
  const highest = new Map<string, number>();
  for (const document of documents) {
    for (const [tag, score] of Object.entries(valueAt(document, ["tagsmith", "score"]) ?? {})) {
      if (typeof score === "number" && score > (highest.get(tag) ?? -1)) highest.set(tag, score);
    }
  }
  return Object.fromEntries(highest);
}

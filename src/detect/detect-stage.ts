import type { Alert } from "../event/alert.ts";
import type { LabelledEvent } from "../event/label.ts";
import type { Verdict } from "../event/verdict.ts";
import type { Document } from "../sdk/document.ts";
import { correlationAlert, idOf, labelAlert, verdictAlert } from "./alert-of.ts";
import { type DetectionChange, DetectionJournal, type DetectionStep, parseJournal } from "./detection-journal.ts";
import type { DetectionRule, Fired, MatchedDocument, RuleSet } from "./rule-set.ts";
import { labelDocument, verdictDocument } from "./written-document.ts";

export interface DetectSettings {
  /** Labelling model, `name@version`. */
  readonly model: string;
  /** How long an event may come behind later ones; correlations wait as long. */
  readonly latenessMs: number;
  /** An event dated after this is not counted in correlations: those that follow would all come behind it. */
  readonly latestMs?: () => number;
  /** Called with how many matched events came too late for correlations to count them. */
  readonly onLate?: (events: number) => void;
  /** So many matches are remembered, so that an event that comes twice gives one alert. */
  readonly maxSeen?: number;
  /** Where correlations are shared: takes what they count, and the places of the groups that do. Absent: it is counted here. */
  readonly forward?: Forward;
}

export type Forward = (matched: MatchedDocument, places: readonly string[]) => void;

/** Rules over what is about to be written. */
export interface DetectStage {
  /** Alerts of a batch's events, in their order, and of its verdicts. */
  add(labelled: readonly LabelledEvent[], verdicts: readonly Verdict[]): readonly Alert[];
  /** The same for verdicts of a live source that has gone quiet: what waited long enough by the clock is taken. */
  rest(verdicts: readonly Verdict[], nowMs: number): readonly Alert[];
  /** End of input: what still waits. */
  finish(): readonly Alert[];
  /** Where correlations are shared: takes what stages have forwarded here. */
  take(matched: readonly MatchedDocument[]): readonly Alert[];
  /** Event time has come this far, Infinity at the end of input. Takes a part of what waited for it: to be called until there is nothing more. */
  advanceTo(timeMs: number): { readonly alerts: readonly Alert[]; readonly hasMore: boolean };
  /** What to store for all calls since the last `changes`. */
  changes(): { readonly detection?: DetectionStep };
  /** Goes on from what was stored, before the first `add`. Throws `detect_state_invalid`. */
  restore(rows: readonly string[]): void;
  /** Goes on with other rules; correlations that are in both keep their windows. */
  replace(rules: RuleSet): void;
}

/** What a run needs that has all correlations to itself, or none. */
export type RunDetection = Pick<DetectStage, "add" | "rest" | "finish" | "changes" | "restore">;

/** Where no rules are given. */
export const noDetection: RunDetection = {
  add: () => [],
  rest: () => [],
  finish: () => [],
  changes: () => ({}),
  restore: () => undefined,
};

const defaultMaxSeen = 50_000;
/** An owner of a part of the correlations must come up for air: others take its work over when it does not. */
const maxTakenAtOnce = 64;
/** A verdict has the time of its session's last event, and comes after it. */
const behindItsEvents = Number.MAX_SAFE_INTEGER;

/** Asks compiled rules for alerts. Alerts follow from what was added alone, in its order: after a restart they are the same. */
export function createDetectStage(rules: RuleSet, settings: DetectSettings): DetectStage {
  return new Detector(rules, settings);
}

class Detector implements DetectStage {
  readonly #settings: DetectSettings;
  readonly #journal: DetectionJournal;
  readonly #seen = new Set<string>();
  #rules: RuleSet;

  constructor(rules: RuleSet, settings: DetectSettings) {
    this.#rules = rules;
    this.#settings = settings;
    this.#journal = new DetectionJournal(() => this.#saveAll());
  }

  add(labelled: readonly LabelledEvent[], verdicts: readonly Verdict[]): readonly Alert[] {
    const alerts: Alert[] = [];
    for (const one of labelled) {
      const document = labelDocument(one, this.#settings.model);
      const { id, timeMs = Number.NaN, origin } = one.event;
      const matched = this.#freshMatches(document, "label", id);
      for (const { key, rule } of matched) if (!rule.isSilent) alerts.push(labelAlert(key, rule, one));
      if (matched.length > 0)
        alerts.push(...this.#correlate({ document, timeMs, order: [origin.sequence, id] }, matched));
      alerts.push(...this.#comeTo(timeMs));
    }
    for (const one of verdicts) {
      const document = verdictDocument(one);
      const matched = this.#freshMatches(document, "verdict", one.id);
      for (const { key, rule } of matched) if (!rule.isSilent) alerts.push(verdictAlert(key, rule, one));
      const place = { timeMs: one.lastTimeMs, order: [behindItsEvents, one.id] } as const;
      if (matched.length > 0) alerts.push(...this.#correlate({ document, ...place }, matched));
    }
    return alerts;
  }

  rest(verdicts: readonly Verdict[], nowMs: number): readonly Alert[] {
    return [...this.add([], verdicts), ...this.#advance(nowMs - this.#settings.latenessMs)];
  }

  finish(): readonly Alert[] {
    return this.#advance(Number.POSITIVE_INFINITY);
  }

  take(matched: readonly MatchedDocument[]): readonly Alert[] {
    return matched.flatMap((one) => this.#push(one));
  }

  advanceTo(timeMs: number): { readonly alerts: readonly Alert[]; readonly hasMore: boolean } {
    const untilMs = timeMs - this.#settings.latenessMs;
    const alerts = this.#advance(untilMs, maxTakenAtOnce);
    const { nextMs } = this.#rules;
    return { alerts, hasMore: nextMs !== undefined && nextMs <= untilMs };
  }

  changes(): { readonly detection?: DetectionStep } {
    const detection = this.#journal.take();
    return detection === undefined ? {} : { detection };
  }

  restore(rows: readonly string[]): void {
    for (const change of parseJournal(rows)) this.#apply(change);
    this.#journal.restored(rows);
  }

  replace(rules: RuleSet): void {
    rules.restore(this.#rules.save());
    this.#rules = rules;
    this.#journal.note(this.#saveAll());
  }

  #freshMatches(document: Document, kind: "label" | "verdict", id: string) {
    return this.#rules.match(document, kind).flatMap((rule) => {
      const key = idOf(kind, rule.id, id);
      if (this.#seen.has(key)) return [];
      this.#remember(key);
      this.#journal.note({ kind: "seen", id: key });
      return [{ key, rule }];
    });
  }

  #correlate(one: Omit<MatchedDocument, "rules">, matched: readonly { readonly rule: DetectionRule }[]): Alert[] {
    if (!this.#rules.hasCorrelations || !this.#isBelieved(one.timeMs)) return [];
    const document = this.#rules.trim(one.document);
    const pushed = { ...one, document, rules: matched.map(({ rule }) => rule.id) };
    const places = this.#rules.placesOf(pushed);
    if (places.length === 0) return [];
    const { forward } = this.#settings;
    if (forward === undefined) return this.#push(pushed);
    forward(pushed, places);
    return [];
  }

  /** An event that no rule matched tells the time, too: a busy source is never quiet, and what waits need not wait for a match. */
  #comeTo(timeMs: number): Alert[] {
    const { nextMs } = this.#rules;
    const untilMs = timeMs - this.#settings.latenessMs;
    const isDue = nextMs !== undefined && nextMs <= untilMs && this.#isBelieved(timeMs);
    return isDue && this.#settings.forward === undefined ? this.#advance(untilMs) : [];
  }

  #isBelieved(timeMs: number): boolean {
    const { latestMs } = this.#settings;
    return Number.isFinite(timeMs) && (latestMs === undefined || timeMs <= latestMs());
  }

  #push(pushed: MatchedDocument): Alert[] {
    this.#journal.note({ kind: "push", ...pushed, document: { ...pushed.document }, rules: [...pushed.rules] });
    const lateBefore = this.#rules.lateEvents;
    const alerts = alertsOf(this.#rules.push(pushed));
    const late = this.#rules.lateEvents - lateBefore;
    if (late > 0) this.#settings.onLate?.(late);
    return alerts;
  }

  #advance(untilMs: number, most?: number): Alert[] {
    const { nextMs } = this.#rules;
    if (nextMs === undefined || nextMs > untilMs) return [];
    const fired = this.#rules.advance(untilMs, most);
    const bounds = { untilMs: Number.isFinite(untilMs) ? untilMs : null, ...(most !== undefined && { most }) };
    this.#journal.note({ kind: "advance", ...bounds });
    return alertsOf(fired);
  }

  #apply(change: DetectionChange): void {
    switch (change.kind) {
      case "seen":
        this.#remember(change.id);
        return;
      case "push":
        this.#rules.push(change);
        return;
      case "advance":
        this.#rules.advance(change.untilMs ?? Number.POSITIVE_INFINITY, change.most);
        return;
      case "all":
        this.#seen.clear();
        for (const id of change.seen) this.#remember(id);
        this.#rules.restore(change.correlations);
    }
  }

  #remember(id: string): void {
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (oldest !== undefined && this.#seen.size > (this.#settings.maxSeen ?? defaultMaxSeen)) this.#seen.delete(oldest);
  }

  #saveAll(): DetectionChange {
    return { kind: "all", seen: [...this.#seen], correlations: this.#rules.save() };
  }
}

/** Of alerts with one id, as when a group holds no more than another, the first. */
function alertsOf(fired: readonly Fired[]): Alert[] {
  return [...new Map(fired.map(correlationAlert).map((alert) => [alert.id, alert])).values()];
}

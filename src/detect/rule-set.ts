import type { AlertRule } from "../event/alert.ts";
import type { Document } from "../sdk/document.ts";

/** A rule as alerts name it. */
export interface DetectionRule extends AlertRule {
  /** Only correlations ask for it: it gives no alerts of its own. */
  readonly isSilent: boolean;
}

/** An event that rules matched. */
export interface MatchedDocument {
  readonly document: Document;
  /** Milliseconds since 1970; NaN where it has none. */
  readonly timeMs: number;
  /** Orders events of the same time; absent in memories of old. */
  readonly order?: readonly [sequence: number, id: string] | undefined;
  /** Ids of rules. */
  readonly rules: readonly string[];
}

/** A correlation that has fired. */
export interface Fired {
  readonly rule: AlertRule;
  readonly timeMs: number;
  readonly group: Readonly<Record<string, string>>;
  /** What is in the window, oldest first. */
  readonly documents: readonly Document[];
}

/** Compiled rules, as detection asks them; made where rules are read. Ids of its rules differ from each other. */
export interface RuleSet {
  /** The rules that match what is written of an event, or of a session. */
  match(document: Document, kind: "label" | "verdict"): readonly DetectionRule[];
  /** Whether matched documents must be pushed. */
  readonly hasCorrelations: boolean;
  /** What correlations and their alerts need of a document: it is what is pushed. */
  trim(document: Document): Document;
  /** Gives the correlations that fire by it, or by those that waited for their turn. */
  push(matched: MatchedDocument): readonly Fired[];
  /** How many of what was pushed were not counted, since later ones had been taken. */
  readonly lateEvents: number;
  /** The places of the groups that count it, each once. */
  placesOf(matched: MatchedDocument): readonly string[];
  /** Time of the pushed document whose turn is next; undefined when none waits. */
  readonly nextMs: number | undefined;
  /** Takes what waits up to this time, at most so many; nothing earlier comes any more. */
  advance(untilMs: number, most?: number): readonly Fired[];
  /** All that correlations remember, as JSON, and back; `restore` takes what another rule set has saved, as far as it fits. */
  save(): unknown;
  restore(saved: unknown): void;
}

/** How bad it is when a rule matches, as Sigma says it. */
export type AlertLevel = "informational" | "low" | "medium" | "high" | "critical";

/** The rule behind an alert. */
export interface AlertRule {
  /** The rule's id; its name or title where it has none. */
  readonly id: string;
  readonly name: string;
  readonly level: AlertLevel;
  /** When the rule was last changed, as it says itself. */
  readonly version?: string;
}

/** A match of a rule; written once. */
export interface Alert {
  /** Deterministic, from the rule and the event, or from the correlation, its group and its events. */
  readonly id: string;
  readonly kind: "rule" | "correlation";
  readonly rule: AlertRule;
  /** Time of the event; of a correlation, of the event that made it fire. */
  readonly timeMs?: number;
  /** Oldest first, at most `maxAlertEvents`; empty where the rule matched a verdict. */
  readonly eventIds: readonly string[];
  readonly sessionKeys: readonly string[];
  readonly hosts: readonly string[];
  readonly users: readonly string[];
  readonly platforms: readonly string[];
  /** Selected tags, each once. */
  readonly tags: readonly string[];
  /** The highest score of each tag that has one. */
  readonly scores: Readonly<Record<string, number>>;
  /** What was executed or asked for, of the event that the alert is timed by. */
  readonly text?: string;
  readonly verdict?: string;
  /** What the events of a correlation have in common. */
  readonly group?: Readonly<Record<string, string>>;
}

/** Events that an alert names at most; the newest. */
export const maxAlertEvents = 1_000;

/** Levels as numbers, as Kibana's risk scores have them. */
export const severityOf: Readonly<Record<AlertLevel, number>> = {
  informational: 1,
  low: 21,
  medium: 47,
  high: 73,
  critical: 99,
};

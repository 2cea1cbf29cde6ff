import { TagsmithError } from "../event/tagsmith-error.ts";
import type { SessionModel } from "./load-session-model.ts";

/** What a threshold on the probability of intrusion brings, measured on sessions that the model had not seen. */
export interface OperatingPoint {
  readonly threshold: number;
  /** Share of normal sessions judged intrusions. */
  readonly false_alarm_rate: number;
  /** Share of intrusions found. */
  readonly attack_recall: number;
}

/** How many false alarms a team can look at. */
export interface AlertBudget {
  readonly falseAlarmsPerDay: number;
  readonly sessionsPerDay: number;
}

/**
 * The lowest threshold whose measured share of false alarms keeps within the budget.
 *
 * Throws `config_alert_budget_unreachable` when no point does, or when the model names no operating points.
 */
export function chooseThreshold(points: readonly OperatingPoint[], budget: AlertBudget): OperatingPoint {
  const allowed = budget.falseAlarmsPerDay / budget.sessionsPerDay;
  const fitting = points.filter((point) => point.false_alarm_rate <= allowed);
  const [lowest] = fitting.sort((a, b) => a.threshold - b.threshold);
  if (lowest !== undefined) return lowest;
  const rates = points.map((point) => point.false_alarm_rate);
  const least = Math.min(...rates) * budget.sessionsPerDay;
  const reason =
    points.length === 0
      ? "the session model has no operating points; set session.threshold"
      : `the strictest measured threshold gives ${least.toFixed(1)} false alarms a day at ${budget.sessionsPerDay} sessions; ask for as many, or set session.threshold`;
  throw new TagsmithError("config_alert_budget_unreachable", `session.alert_budget: ${reason}.`, "exit");
}

/** The model judging intrusions from this probability on. */
export function withThreshold(model: SessionModel, threshold: number): SessionModel {
  // Under `threshold_margin` scores are moved so that `score_threshold` lies where the probability is `model_threshold`.
  const field = model.score_transform === "raw" ? "score_threshold" : "model_threshold";
  return { ...model, [field]: threshold };
}

import { expect, it } from "vitest";
import { chooseThreshold } from "../../src/session/choose-threshold.ts";

const points = [
  { threshold: 0.3, false_alarm_rate: 0.05, attack_recall: 0.99 },
  { threshold: 0.5, false_alarm_rate: 0.03, attack_recall: 0.97 },
  { threshold: 0.9, false_alarm_rate: 0.01, attack_recall: 0.9 },
];

it("takes the lowest threshold that keeps within the budget", () => {
  expect(chooseThreshold(points, { falseAlarmsPerDay: 4, sessionsPerDay: 100 }).threshold).toBe(0.5);
  expect(chooseThreshold(points, { falseAlarmsPerDay: 1, sessionsPerDay: 100 }).threshold).toBe(0.9);
  expect(chooseThreshold(points, { falseAlarmsPerDay: 100, sessionsPerDay: 100 }).threshold).toBe(0.3);
});

it("refuses a budget that no measured threshold keeps, and says what can be had", () => {
  expect(() => chooseThreshold(points, { falseAlarmsPerDay: 1, sessionsPerDay: 1_000 })).toThrow(
    "gives 10.0 false alarms a day at 1000 sessions",
  );
  expect(() => chooseThreshold([], { falseAlarmsPerDay: 1, sessionsPerDay: 1 })).toThrow("no operating points");
});

import type { PathKey, Severity } from "../problem.ts";
import type { LintFinding } from "./lint-document.ts";

/** A check: its code, how much it matters, and the advice that goes with it. */
export interface Check {
  readonly code: string;
  readonly severity: Severity;
  readonly hint: string;
}

/** What a check found, as a list to spread: empty when the check does not apply. */
export function found(applies: boolean, check: Check, message: string, path: readonly PathKey[]): LintFinding[] {
  return applies ? [{ ...check, message, path }] : [];
}

/** A check that is advice on style. */
export function info(code: string, hint: string): Check {
  return { code, severity: "info", hint };
}

/** A check for what most likely does not do what was meant. */
export function warning(code: string, hint: string): Check {
  return { code, severity: "warning", hint };
}

/** Values that stand in a list a second time, by their place. */
export function repeated<Value>(values: readonly Value[], key: (value: Value) => string): number[] {
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const name = key(value);
    if (seen.has(name)) return [index];
    seen.add(name);
    return [];
  });
}

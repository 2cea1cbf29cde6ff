import type { StateCondition } from "./condition-schema.ts";
import type { PipelineRun } from "./pipeline-run.ts";

/** Compares a state; one that is not set fulfils nothing. */
export function testState({ key, val, op }: StateCondition, run: PipelineRun): boolean {
  if (!run.state.has(key)) return false;
  const state = run.state.get(key);
  switch (op) {
    case "eq":
      return state === val;
    case "ne":
      return state !== val;
    default:
      return typeof state === typeof val && (typeof state === "number" || typeof state === "string")
        ? ordered(op, state < val, state === val)
        : false;
  }
}

/** An order relation, from whether the left side is less or equal. */
export function ordered(op: "gte" | "gt" | "lte" | "lt", less: boolean, equal: boolean): boolean {
  switch (op) {
    case "lt":
      return less;
    case "lte":
      return less || equal;
    case "gt":
      return !less && !equal;
    case "gte":
      return !less;
  }
}

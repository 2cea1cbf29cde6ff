import type { Document } from "../../sdk/document.ts";
import type { Condition, Detection, Item, Rule } from "../ast.ts";
import { selectionsOf } from "../parse/select.ts";
import { eventScalars, fieldValues } from "./field-values.ts";
import { compileFieldTest, compileKeywordTest } from "./value-test.ts";

/**
 * Whether a rule matches an event, read straight off the rule; the compiled matcher must agree. Throws `sigma_unmatchable` for a
 * rule with values only a search engine can answer.
 */
export function interpretRule(rule: Rule, event: Document): boolean {
  return rule.conditions.some((condition) => holds(condition, rule, event) === true);
}

/** Undefined where nothing is left to ask, as when no selection fits a pattern. */
function holds(condition: Condition, rule: Rule, event: Document): boolean | undefined {
  switch (condition.kind) {
    case "selection": {
      const detection = rule.detections.get(condition.name);
      return detection === undefined ? undefined : detectionHolds(detection, event);
    }
    case "of": {
      const names = selectionsOf(condition.pattern, rule.detections);
      return combine(
        condition.linking === "all",
        names.map((name) => holds({ kind: "selection", name }, rule, event)),
      );
    }
    case "not": {
      const inner = holds(condition.operand, rule, event);
      return inner === undefined ? undefined : !inner;
    }
    default:
      return combine(
        condition.kind === "and",
        condition.operands.map((operand) => holds(operand, rule, event)),
      );
  }
}

function combine(all: boolean, answers: readonly (boolean | undefined)[]): boolean | undefined {
  const known = answers.filter((answer) => answer !== undefined);
  if (known.length === 0) return undefined;
  return all ? known.every((answer) => answer) : known.some((answer) => answer);
}

function detectionHolds(detection: Detection, event: Document): boolean {
  const answers = detection.members.map((member) =>
    member.kind === "detection" ? detectionHolds(member, event) : interpretItem(member, event),
  );
  return detection.linking === "all" ? answers.every((answer) => answer) : answers.some((answer) => answer);
}

/** Whether one item of a selection holds. */
export function interpretItem(item: Item, event: Document): boolean {
  const answers = item.values.map((value) => {
    if (item.kind === "keyword") return eventScalars(event).some(compileKeywordTest(value));
    return compileFieldTest(value)(fieldValues(event, item.field), (field) => fieldValues(event, field));
  });
  const linked = item.linking === "all" ? answers.every((answer) => answer) : answers.some((answer) => answer);
  return linked !== item.negated;
}

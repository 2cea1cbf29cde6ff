import type { Detection, Item, Value } from "../ast.ts";
import { isWithin } from "../collection/apply-filters.ts";
import { parsePattern, writePattern } from "../parse/string-pattern.ts";
import { testState } from "./compare-state.ts";
import type { RuleCondition } from "./condition-schema.ts";
import type { PipelineRun, Subject } from "./pipeline-run.ts";
import { testAttribute } from "./rule-attribute.ts";

/** What a condition about a whole rule is asked. */
export interface RuleAsk {
  readonly subject: Subject;
  readonly run: PipelineRun;
}

/** Compiles a condition about the rule as a whole. */
export function compileRuleCondition(condition: RuleCondition): (ask: RuleAsk) => boolean {
  switch (condition.type) {
    case "logsource":
      return ({ subject, run }) => hasLogsource(subject, condition, run, new Set());
    case "contains_field":
      return ({ subject }) => someItem(subject, (item) => item.kind === "field" && item.field === condition.field);
    case "contains_detection_item":
      return ({ subject }) =>
        someItem(
          subject,
          (item) =>
            item.kind === "field" &&
            item.field === condition.field &&
            item.values.some((value) => equalsPlain(value, condition.value)),
        );
    case "processing_item_applied":
      return ({ run }) => run.applied.has(condition.processing_item_id);
    case "processing_state":
      return ({ run }) => testState(condition, run);
    case "is_sigma_rule":
      return ({ subject }) => subject.kind === "rule";
    case "is_sigma_correlation_rule":
      return ({ subject }) => subject.kind === "correlation";
    case "rule_attribute":
      return ({ subject }) => testAttribute(condition, subject);
    case "tag":
      return ({ subject }) => subject.metadata.tags.some((tag) => tag.toLowerCase() === condition.tag.toLowerCase());
  }
}

/** A correlation has a log source when one of the rules it refers to has. */
function hasLogsource(
  subject: Subject,
  {
    category,
    product,
    service,
  }: { category?: string | undefined; product?: string | undefined; service?: string | undefined },
  run: PipelineRun,
  seen: Set<Subject>,
): boolean {
  if (subject.kind === "rule") {
    const wanted = Object.entries({ category, product, service }).filter(([, name]) => name !== undefined);
    return isWithin(subject.logsource, Object.fromEntries(wanted));
  }
  if (seen.has(subject)) return false;
  seen.add(subject);
  return subject.rules.some((reference) => {
    const found = run.find(reference);
    return found !== undefined && hasLogsource(found, { category, product, service }, run, seen);
  });
}

function someItem(subject: Subject, holds: (item: Item) => boolean): boolean {
  if (subject.kind === "correlation") return false;
  const within = (node: Detection | Item): boolean =>
    node.kind === "detection" ? node.members.some(within) : holds(node);
  return [...subject.detections.values()].some(within);
}

/** Whether a value is what a plain YAML value would be read as. */
export function equalsPlain(value: Value, plain: string | number | boolean): boolean {
  switch (value.kind) {
    case "string":
      return typeof plain === "string" && writePattern(value.parts) === writePattern(parsePattern(plain));
    case "number":
    case "boolean":
      return value.value === plain;
    default:
      return false;
  }
}

import type { Item } from "../ast.ts";
import { compileGroup } from "./condition-group.ts";
import { compileFieldCondition, compileItemCondition, type FieldAsk, type ItemAsk } from "./item-conditions.ts";
import type { PipelineRun, Subject } from "./pipeline-run.ts";
import type { PostItem, TransformationItem } from "./pipeline-schema.ts";
import { compileRuleCondition, type RuleAsk } from "./rule-conditions.ts";

/** When a pipeline item does its work. */
export interface Guard {
  readonly rule: (subject: Subject, run: PipelineRun) => boolean;
  readonly item: (item: Item, run: PipelineRun) => boolean;
  readonly field: (name: string | undefined, run: PipelineRun) => boolean;
}

/** Compiles the three groups of conditions of a transformation. Throws GroupFault for conditions that mean nothing. */
export function compileGuard(item: TransformationItem): Guard {
  const ofItem = compileGroup<NonNullable<Listed<typeof item.detection_item_conditions>>, ItemAsk>(
    {
      conditions: item.detection_item_conditions,
      op: item.detection_item_cond_op,
      not: item.detection_item_cond_not,
      expression: item.detection_item_cond_expr,
    },
    compileItemCondition,
  );
  const ofField = compileGroup<NonNullable<Listed<typeof item.field_name_conditions>>, FieldAsk>(
    {
      conditions: item.field_name_conditions,
      op: item.field_name_cond_op,
      not: item.field_name_cond_not,
      expression: item.field_name_cond_expr,
    },
    compileFieldCondition,
  );
  return {
    rule: compileRuleGuard(item),
    item: (one, run) => ofItem({ item: one, run }) && ofField({ item: one, run }),
    field: (name, run) => ofField({ name, run }),
  };
}

type Listed<Group> = Group extends readonly (infer Condition)[] ? Condition : never;

/** Compiles the conditions about the rule, which post-processing has too. */
export function compileRuleGuard(item: TransformationItem | PostItem): Guard["rule"] {
  const conditions = item.rule_conditions;
  const test = compileGroup<NonNullable<Listed<typeof conditions>>, RuleAsk>(
    { conditions, op: item.rule_cond_op, not: item.rule_cond_not, expression: item.rule_cond_expr },
    compileRuleCondition,
  );
  if (conditions === undefined || Object.keys(conditions).length === 0) return () => true;
  return (subject, run) => test({ subject, run });
}

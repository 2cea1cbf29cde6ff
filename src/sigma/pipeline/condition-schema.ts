import { z } from "zod";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const comparison = z.enum(["eq", "ne", "gte", "gt", "lte", "lt"]);

const processed = z.strictObject({ type: z.literal("processing_item_applied"), processing_item_id: z.string() });

const state = z.strictObject({
  type: z.literal("processing_state"),
  key: z.string(),
  val: scalar,
  op: comparison.default("eq"),
});

const ruleCondition = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("logsource"),
    category: z.string().optional(),
    product: z.string().optional(),
    service: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("contains_detection_item"), field: z.string(), value: scalar }),
  z.strictObject({ type: z.literal("contains_field"), field: z.string() }),
  processed,
  state,
  z.strictObject({ type: z.literal("is_sigma_rule") }),
  z.strictObject({ type: z.literal("is_sigma_correlation_rule") }),
  z.strictObject({
    type: z.literal("rule_attribute"),
    attribute: z.string(),
    value: z.union([z.string(), z.number()]),
    op: z.enum([...comparison.options, "in", "not_in"]).default("eq"),
  }),
  z.strictObject({ type: z.literal("tag"), tag: z.string() }),
]);

const cond = z.enum(["any", "all"]);

const detectionItemCondition = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("match_string"), cond, pattern: z.string(), negate: z.boolean().default(false) }),
  z.strictObject({ type: z.literal("match_value"), cond, value: scalar }),
  z.strictObject({ type: z.literal("contains_wildcard"), cond }),
  z.strictObject({ type: z.literal("is_null"), cond }),
  processed,
  state,
]);

const fieldList = { fields: z.array(z.string()), mode: z.enum(["plain", "re"]).default("plain") };

const fieldCondition = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("include_fields"), ...fieldList }),
  z.strictObject({ type: z.literal("exclude_fields"), ...fieldList }),
  processed,
  state,
]);

/** Conditions of one group: a list, or named for an expression. */
export type Group<Condition> = readonly Condition[] | Readonly<Record<string, Condition>>;

export const ruleConditions = z.union([z.array(ruleCondition), z.record(z.string(), ruleCondition)]);
export const detectionItemConditions = z.union([
  z.array(detectionItemCondition),
  z.record(z.string(), detectionItemCondition),
]);
export const fieldConditions = z.union([z.array(fieldCondition), z.record(z.string(), fieldCondition)]);

export type RuleCondition = z.infer<typeof ruleCondition>;
export type DetectionItemCondition = z.infer<typeof detectionItemCondition>;
export type FieldCondition = z.infer<typeof fieldCondition>;
export type StateCondition = z.infer<typeof state>;

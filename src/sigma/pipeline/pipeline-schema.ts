import { z } from "zod";
import { detectionItemConditions, fieldConditions, ruleConditions } from "./condition-schema.ts";

const texts = z.array(z.string());
const textOrTexts = z.union([z.string(), texts]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const fieldTable = z.record(z.string(), textOrTexts);

/** Conditions a list or named; with names, an expression may join them. */
const ruleGuard = {
  id: z.string().optional(),
  rule_conditions: ruleConditions.optional(),
  rule_cond_op: z.enum(["and", "or"]).optional(),
  rule_cond_not: z.boolean().optional(),
  rule_cond_expr: z.string().optional(),
};

const guard = {
  ...ruleGuard,
  detection_item_conditions: detectionItemConditions.optional(),
  detection_item_cond_op: z.enum(["and", "or"]).optional(),
  detection_item_cond_not: z.boolean().optional(),
  detection_item_cond_expr: z.string().optional(),
  field_name_conditions: fieldConditions.optional(),
  field_name_cond_op: z.enum(["and", "or"]).optional(),
  field_name_cond_not: z.boolean().optional(),
  field_name_cond_expr: z.string().optional(),
};

function item<Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
): z.ZodObject<{ type: z.ZodLiteral<Type> } & Shape & typeof guard, z.core.$strict> {
  return z.strictObject({ type: z.literal(type), ...shape, ...guard });
}

const placeholders = { include: texts.optional(), exclude: texts.optional() };

const external = {
  ...placeholders,
  format: z.enum(["plaintext", "csv", "json", "yaml"]).default("plaintext"),
  filter: z.string().optional(),
  csv_column: z.union([z.string(), z.int().min(0)]).optional(),
  csv_has_header: z.boolean().default(true),
  jq_expression: z.string().optional(),
};

const fieldItems = [
  item("field_name_mapping", { mapping: fieldTable }),
  item("field_name_prefix_mapping", { mapping: fieldTable }),
  item("field_name_transform", {
    transform_func: z.enum(["lower", "upper", "snake_case", "camel_case"]),
    mapping: fieldTable.default({}),
    apply_keyword: z.boolean().default(false),
  }),
  item("field_name_prefix", { prefix: z.string() }),
  item("field_name_suffix", { suffix: z.string() }),
  item("add_field", { field: textOrTexts }),
  item("remove_field", { field: textOrTexts }),
  item("set_field", { fields: texts }),
] as const;

const valueItems = [
  item("replace_string", {
    regex: z.string(),
    replacement: z.string(),
    skip_special: z.boolean().default(false),
    interpret_special: z.boolean().default(false),
  }),
  item("map_string", { mapping: fieldTable }),
  item("regex", {
    method: z.enum(["plain", "ignore_case_flag", "ignore_case_brackets"]).default("ignore_case_brackets"),
  }),
  item("set_value", { value: scalar, force_type: z.enum(["str", "num"]).optional() }),
  item("convert_type", { target_type: z.enum(["str", "num"]) }),
  item("case", { method: z.enum(["lower", "upper", "snake_case"]).default("lower") }),
  item("hashes_fields", {
    valid_hash_algos: texts,
    field_prefix: z.string().default(""),
    drop_algo_prefix: z.boolean().default(false),
    field_to_parse: texts.default(["Hashes", "Hash"]),
  }),
  item("extract_fields", {
    regex: z.string(),
    field_prefix: z.string().optional(),
    preserve_unmatched: z.boolean().default(false),
  }),
] as const;

const placeholderItems = [
  item("wildcard_placeholders", placeholders),
  item("value_placeholders", placeholders),
  item("query_expression_placeholders", {
    ...placeholders,
    expression: z.string(),
    mapping: z.record(z.string(), z.string()).default({}),
  }),
  item("file_placeholders", { ...external, path: z.string().min(1) }),
  item("http_placeholders", {
    ...external,
    url: z.url({ protocol: /^https?$/ }),
    method: z.string().default("GET"),
    timeout: z.int().min(1).default(10),
    headers: z.record(z.string(), z.string()).optional(),
    params: z.record(z.string(), z.string()).optional(),
    form_data: z.record(z.string(), z.unknown()).optional(),
    json_body: z.record(z.string(), z.unknown()).optional(),
    max_body_size: z.int().min(1).default(10_485_760),
  }),
  item("command_placeholders", {
    ...external,
    cmd: textOrTexts,
    timeout: z.int().min(1).default(30),
    max_stdout: z.int().min(1).default(10_485_760),
  }),
] as const;

const ruleItems = [
  item("drop_detection_item", {}),
  item("add_condition", {
    conditions: z.record(z.string(), z.union([scalar, z.array(scalar)])),
    name: z.string().optional(),
    template: z.boolean().default(false),
    negated: z.boolean().default(false),
  }),
  item("change_logsource", {
    category: z.string().optional(),
    product: z.string().optional(),
    service: z.string().optional(),
  }),
  item("set_state", { key: z.string(), val: z.unknown() }),
  item("set_custom_attribute", { attribute: z.string(), value: z.unknown() }),
  item("rule_failure", { message: z.string() }),
  item("detection_item_failure", { message: z.string() }),
  item("strict_field_mapping_failure", {}),
] as const;

const simpleItem = z.discriminatedUnion("type", [...fieldItems, ...valueItems, ...placeholderItems, ...ruleItems]);

export type SimpleItem = z.infer<typeof simpleItem>;

/** Items within `nest` run when its own conditions hold. */
type NestItem = z.infer<typeof nestGuard> & { readonly items: readonly TransformationItem[] };

export type TransformationItem = SimpleItem | NestItem;

const nestGuard = z.strictObject({ type: z.literal("nest"), ...guard });

const transformation: z.ZodType<TransformationItem> = z.lazy(() =>
  z.union([simpleItem, nestGuard.extend({ items: z.array(transformation) })]),
);

const template = { template: z.string(), path: z.null().optional(), autoescape: z.boolean().default(false) };

const simplePost = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("embed"),
    prefix: z.string().default(""),
    suffix: z.string().default(""),
    ...ruleGuard,
  }),
  z.strictObject({ type: z.literal("simple_template"), template: z.string(), ...ruleGuard }),
  z.strictObject({ type: z.literal("template"), ...template, ...ruleGuard }),
  z.strictObject({ type: z.literal("json"), json_template: z.string(), ...ruleGuard }),
  z.strictObject({ type: z.literal("replace"), pattern: z.string(), replacement: z.string(), ...ruleGuard }),
]);

const nestPostGuard = z.strictObject({ type: z.literal("nest"), ...ruleGuard });

export type PostItem =
  | z.infer<typeof simplePost>
  | (z.infer<typeof nestPostGuard> & { readonly items: readonly PostItem[] });

const postItem: z.ZodType<PostItem> = z.lazy(() =>
  z.union([simplePost, nestPostGuard.extend({ items: z.array(postItem) })]),
);

const simpleFinalizer = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("concat"),
    separator: z.string().default("\n"),
    prefix: z.string().default(""),
    suffix: z.string().default(""),
  }),
  z.strictObject({ type: z.literal("json"), indent: z.int().min(0).max(16).optional() }),
  z.strictObject({ type: z.literal("yaml"), indent: z.int().min(1).max(16).optional() }),
  z.strictObject({ type: z.literal("template"), ...template }),
]);

export type FinalizerItem =
  | z.infer<typeof simpleFinalizer>
  | { readonly type: "nested"; readonly finalizers: readonly FinalizerItem[] };

const finalizer: z.ZodType<FinalizerItem> = z.lazy(() =>
  z.union([simpleFinalizer, z.strictObject({ type: z.literal("nested"), finalizers: z.array(finalizer) })]),
);

/** A processing pipeline as its YAML file says it. */
export const pipelineSchema = z.strictObject({
  name: z.string().optional(),
  /** Lower ones run first. */
  priority: z.number().default(0),
  vars: z.record(z.string(), z.union([scalar, z.array(scalar)])).default({}),
  allowed_backends: texts.default([]),
  transformations: z.array(transformation).default([]),
  postprocessing: z.array(postItem).default([]),
  finalizers: z.array(finalizer).default([]),
});

export type PipelineSpec = z.infer<typeof pipelineSchema>;

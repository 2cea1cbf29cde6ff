import { z } from "zod";
import type { ValueType } from "./coerce-value.ts";
import { valueDecoders } from "./decode-text.ts";
import { timeFormats } from "./parse-time.ts";

const path = z
  .string()
  .min(1)
  .max(512)
  .describe("Field path, names joined by dots; finds nested, dotted and mixed keys.");
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const scalars = z.array(scalar).min(1);
const code = z.string().regex(/^[a-z][a-z0-9_]*$/);
const regex = z.string().min(1).max(1000).describe("RE2 syntax, linear time.");

/** One test of one field, or groups of conditions; everything named must hold. */
export interface Condition {
  readonly field?: string | undefined;
  readonly exists?: boolean | undefined;
  readonly equals?: Scalar | undefined;
  readonly in?: readonly Scalar[] | undefined;
  readonly only?: readonly Scalar[] | undefined;
  readonly prefix?: string | readonly string[] | undefined;
  readonly contains?: string | undefined;
  readonly type?: ValueType | undefined;
  readonly matches?: string | undefined;
  readonly all?: readonly Condition[] | undefined;
  readonly any?: readonly Condition[] | undefined;
  readonly none?: readonly Condition[] | undefined;
}
type Scalar = string | number | boolean;

const conditionShape = z.strictObject({
  field: path.optional(),
  exists: z.boolean().optional().describe("The field or one under it is there and not null, or not."),
  equals: scalar.optional().describe("One of the field's values is this, compared as text."),
  in: scalars.optional().describe("One of the field's values is in the list."),
  only: scalars.optional().describe("The field has values, and all are in the list."),
  prefix: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  contains: z.string().min(1).optional().describe("One of the field's values has this in it."),
  type: z.enum(["string", "number", "boolean", "array", "object"]).optional(),
  matches: regex.optional().describe("One of the field's values matches somewhere."),
  all: z
    .array(z.lazy(() => conditionSchema))
    .min(1)
    .optional(),
  any: z
    .array(z.lazy(() => conditionSchema))
    .min(1)
    .optional(),
  none: z
    .array(z.lazy(() => conditionSchema))
    .min(1)
    .optional(),
});

const fieldTests = ["exists", "equals", "in", "only", "prefix", "contains", "type", "matches"] as const;
const conditionSchema: z.ZodType<Condition, Condition> = conditionShape
  .refine((c) => (c.field === undefined) === fieldTests.every((test) => c[test] === undefined), {
    error: `a test needs both a field and one of ${fieldTests.join(", ")}`,
  })
  .refine((c) => Object.keys(c).length > 0, { error: "a condition tests something" });

const valueObject = z.strictObject({
  field: path.optional(),
  join: z
    .union([path, z.array(path).min(1)])
    .optional()
    .describe("Lists or strings, all elements joined by one space."),
  extract: regex.optional().describe("The first group that took part, else the whole match."),
  decode: z.enum(valueDecoders).optional().describe("Undoes an escaping, after extract."),
  prepend: path.optional().describe("The program: goes in front, with a space, unless the value begins with it."),
  absent: scalars.optional().describe("Placeholders that count as absent here, besides the mapping's own."),
  when: conditionSchema.optional().describe("The candidate counts only where this holds."),
});
const oneSource = { error: "a value names exactly one of field and join" };
const oneTextSource = {
  error: "a text candidate names one of field, join and render; render may name the field it is given",
};
const value = z.union([path, valueObject.refine((v) => (v.field === undefined) !== (v.join === undefined), oneSource)]);

const textCandidate = z.union([
  path,
  valueObject
    .extend({
      render: z.string().optional().describe("Named built-in renderer, given the field's value or the document."),
    })
    .refine(
      (v) => (v.render === undefined ? (v.field === undefined) !== (v.join === undefined) : v.join === undefined),
      oneTextSource,
    ),
]);

const timeCandidate = z.strictObject({
  field: path,
  format: z.enum(timeFormats),
  min_year: z.int().optional().describe("Earlier times count as absent (zero times of some encoders)."),
});

const sessionCandidate = z.strictObject({
  name: z.string().min(1).optional().describe("Shown as the key's origin; the field paths joined by + when left out."),
  fields: z.array(value).min(1).describe("All must have a value."),
  scope: z.enum(["host", "platform"]).optional().describe("What keeps equal values apart; default host."),
});

const reasoned = z.strictObject({ when: conditionSchema, code, reason: z.string().min(1), field: path.optional() });
const skipRule = reasoned.extend({
  noise: z.boolean().optional().describe("The document could be labelled; the rule is dropped where noise is kept."),
});

const platformName = z.enum(["linux", "k8s_audit"]);
const platformCase = z.strictObject({
  platform: platformName,
  when: conditionSchema.optional(),
  text_prefix: z.string().min(1).optional(),
});

const unwrap = z
  .strictObject({
    items: path.optional().describe("A list; each object in it is a document."),
    object: z
      .union([path, z.array(path).min(1)])
      .optional()
      .describe("An object that is a document; of several paths the first that holds one."),
    json: z.array(path).min(1).optional().describe("Strings holding JSON; the first that parses counts."),
    convert: z.string().min(1).optional().describe("Named built-in converter, given the document."),
    inherit: z
      .array(z.string().min(1))
      .optional()
      .describe("Top-level keys given on where the inner document lacks them."),
  })
  .refine((u) => [u.items, u.object, u.json, u.convert].filter((x) => x !== undefined).length === 1, {
    error: "unwrap names exactly one of items, object, json, convert",
  });

const reader = z
  .strictObject({
    name: z.string().describe("Named built-in reader."),
    fields: z.array(path).min(1).optional().describe("Text, or lists of lines; the first that is there counts."),
    render: z.string().optional().describe("Named built-in renderer that writes the document as the reader's text."),
  })
  .refine((r) => (r.fields === undefined) !== (r.render === undefined), {
    error: "a reader names exactly one of fields and render",
  });

const collapse = z.strictObject({
  key: z.array(value).min(1).describe("Documents of one key are one event."),
  field: path.describe("What ranks them."),
  order: z.array(z.string()).min(2).describe("Worst to best; the last ones end the wait."),
  final: z.array(z.string()).min(1).describe("Values after which nothing better comes."),
  wait_secs: z.number().min(0).describe("In event time."),
  code,
  reason: z.string().min(1),
});

const containers = z.array(z.string().min(1).max(512)).min(1);

/** The shape of a mapping file; `schema/mapping.schema.json` is made from it. */
export const mappingSchema = z
  .strictObject({
    $schema: z.string().optional(),
    name: z.string().regex(/^[a-z][a-z0-9-]*$/),
    version: z.int().min(1),
    title: z.string().min(1),
    description: z.string().optional(),
    versions: z.string().min(1).optional().describe("Which versions of the source it reads; for docs/sources.md."),
    pitfalls: z.array(z.string().min(1)).optional().describe("Traps of the source it handles; for docs/sources.md."),
    precedence: z.int().min(0).max(1000).describe("The highest of the mappings that recognise a document takes it."),
    within: containers
      .optional()
      .describe("Only documents of these indices, streams or files; * stands for any characters."),
    containers: containers
      .optional()
      .describe("Indices, streams or files it is for: settles equal precedence, and what no content tells."),
    recognise: conditionSchema,
    unwrap: unwrap.optional(),
    reader: reader.optional(),
    platform: z.union([platformName, z.array(platformCase).min(1)]).optional(),
    absent: scalars.optional().describe("Placeholders that count as absent in every value but the text."),
    skip: z.array(skipRule).optional(),
    reject: z.array(reasoned).optional(),
    text: z.array(textCandidate).min(1).optional(),
    time: z.array(timeCandidate).optional(),
    session: z.array(sessionCandidate).optional(),
    host: z.array(value).optional(),
    user: z.array(value).optional(),
    parent: z.array(value).optional(),
    executable: z.array(value).optional(),
    id: z
      .array(z.array(value).min(1))
      .optional()
      .describe("Each a list of values that together name the event; else its content does."),
    facts: z
      .record(z.string().regex(/^[a-z][a-z0-9_]*$/), z.array(value).min(1))
      .optional()
      .describe("What else is worth keeping beside the text, by name."),
    incomplete: z.array(conditionSchema).optional(),
    collapse: collapse.optional(),
  })
  .refine((m) => (m.unwrap === undefined) !== (m.text === undefined), { error: "a mapping has either text or unwrap" });
export type Mapping = z.infer<typeof mappingSchema>;
export type ValueSpec = z.infer<typeof value>;
export type TextSpec = z.infer<typeof textCandidate>;
export type TimeSpec = z.infer<typeof timeCandidate>;
export type SessionSpec = z.infer<typeof sessionCandidate>;
export type ReasonedSpec = z.infer<typeof reasoned>;
export type PlatformSpec = z.infer<typeof platformCase>;

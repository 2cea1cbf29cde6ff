import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { checkNames } from "./check-names.ts";
import { type Condition, type Mapping, mappingSchema } from "./mapping-schema.ts";

const path = z.string().min(1).max(512);
const paths = z.union([path, z.array(path).min(1)]);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** What a user says of an index of their own, instead of writing a mapping file. */
const fieldMapSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .optional(),
  containers: z.array(z.string().min(1)).min(1).optional(),
  when: z.record(path, z.union([scalar, z.array(scalar).min(1)])).optional(),
  command: paths,
  time: z.union([path, mappingSchema.shape.time.unwrap()]).optional(),
  session: z.union([path, mappingSchema.shape.session.unwrap()]).optional(),
  host: paths.optional(),
  user: paths.optional(),
  executable: paths.optional(),
  parent: paths.optional(),
  id: paths.optional(),
  absent: z.array(scalar).min(1).optional(),
});
type FieldMap = z.infer<typeof fieldMapSchema>;

/** Above every bundled mapping: what the user says goes first. */
const precedence = 900;

/**
 * Mappings made of `mappings.fields` in the configuration: one map of fields, or a list. Throws `config_invalid` with a
 * line a finding, `mappings.fields.0.user: …`.
 */
export function mappingsOfFields(fields: unknown): Mapping[] {
  const list: readonly unknown[] = Array.isArray(fields) ? fields : [fields];
  return list.map((one, index) => {
    const at = Array.isArray(fields) ? `mappings.fields.${index}` : "mappings.fields";
    const map = parseAt(fieldMapSchema, one, at);
    return parseAt(mappingSchema, toMapping(map, index), at);
  });
}

/** Checks a part of the configuration; every finding is a line. */
export function parseAt<T>(schema: z.ZodType<T>, value: unknown, at: string): T {
  const parsed = schema.safeParse(value);
  const problems = parsed.success
    ? checkNames(value, [])
    : parsed.error.issues.map((issue) => ({ at: issue.path, message: issue.message }));
  if (parsed.success && problems.length === 0) return parsed.data;
  const lines = problems.map((problem) => `${[at, ...problem.at.map(String)].join(".")}: ${problem.message}`);
  throw new TagsmithError("config_invalid", lines.join("\n"), "exit", parsed.error);
}

/** Recognised where a command field is there, in the indices named and with the values asked for. */
function toMapping(map: FieldMap, index: number): z.input<typeof mappingSchema> {
  const { name = `fields-${index + 1}`, containers, when = {}, command, time, session, id, absent } = map;
  const isThere: Condition = { any: listOf(command).map((field) => ({ field, exists: true })) };
  const asked = Object.entries(when).map(([field, value]) => ({ field, in: listOf(value) }));
  return {
    name,
    version: 1,
    title: `Field map ${name} of the configuration`,
    precedence,
    ...(containers === undefined ? {} : { within: containers }),
    recognise: { all: [isThere, ...asked] },
    absent: absent ?? ["-", "(null)", "unset"],
    text: listOf(command),
    ...(time === undefined ? {} : { time: typeof time === "string" ? [{ field: time, format: "rfc3339" }] : time }),
    ...(session === undefined ? {} : { session: typeof session === "string" ? [{ fields: [session] }] : session }),
    ...(id === undefined ? {} : { id: [listOf(id)] }),
    ...optionalPaths(map),
  };
}

function optionalPaths(map: FieldMap): Partial<Record<"host" | "user" | "executable" | "parent", string[]>> {
  const { host, user, executable, parent } = map;
  const found = Object.entries({ host, user, executable, parent }).flatMap(([role, value]) =>
    value === undefined ? [] : [[role, listOf(value)] as const],
  );
  return Object.fromEntries(found);
}

function listOf<T extends string | number | boolean>(value: T | readonly T[]): T[] {
  return typeof value === "object" ? [...value] : [value];
}

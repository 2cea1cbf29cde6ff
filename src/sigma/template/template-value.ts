import { TransformationFault } from "../pipeline/pipeline-run.ts";

/** Names a template can use. */
export type Scope = ReadonlyMap<string, unknown>;

/** A value as Python prints it. */
export function display(value: unknown): string {
  if (typeof value === "string") return value;
  return represent(value);
}

function represent(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
  if (Array.isArray(value)) return `[${value.map(represent).join(", ")}]`;
  if (value instanceof Map)
    return `{${[...value].map(([key, member]) => `${represent(key)}: ${represent(member)}`).join(", ")}}`;
  return value instanceof Set ? represent([...value]) : String(value);
}

/** What counts as true: everything but nothing, zero and what is empty. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  return Boolean(value);
}

/** A member of a map or list; nothing else has members. */
export function memberOf(value: unknown, key: unknown): unknown {
  if (value instanceof Map) return value.get(typeof key === "number" ? key : String(key));
  if (typeof key === "number" && (Array.isArray(value) || typeof value === "string")) return value.at(key);
  return undefined;
}

/** The values a loop goes through. */
export function iterate(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof Set) return [...value];
  if (typeof value === "string") return [...value];
  if (value === undefined || value === null) return [];
  throw new TransformationFault(`A template cannot go through ${display(value)}.`);
}

import type { Json, JsonObject } from "./compile-mappings.ts";

/** One difference; `path` is dotted. */
export interface Difference {
  readonly path: string;
  readonly installed: string | undefined;
  readonly wanted: string | undefined;
}

/**
 * What must change for `installed` to be `wanted`. Servers add defaults of their own and turn numbers into texts: only
 * what we set is compared, and fields of a mapping that we no longer have.
 */
export function diffValues(installed: JsonObject, wanted: JsonObject): readonly Difference[] {
  const before = flatten(installed);
  const after = flatten(wanted);
  const changed = [...after].flatMap(([path, value]): Difference[] => {
    const old = before.get(path);
    const isFilledIn = value === empty && [...before.keys()].some((known) => known.startsWith(`${path}.`));
    return old === value || isFilledIn ? [] : [{ path, installed: old, wanted: value }];
  });
  const gone = [...before].flatMap(([path, value]): Difference[] => {
    return after.has(path) || !path.startsWith("template.mappings.")
      ? []
      : [{ path, installed: value, wanted: undefined }];
  });
  return [...changed, ...gone];
}

const empty = "{}";

/** Leaves by dotted path; a list is one leaf when it holds no objects. */
function flatten(value: Json, path = "", into = new Map<string, string>()): Map<string, string> {
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== "object")) into.set(path, JSON.stringify(value.map(String)));
    else for (const [index, one] of value.entries()) flatten(one, `${path}[${index}]`, into);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0 && path !== "") into.set(path, empty);
    for (const [key, inner] of entries) flatten(inner, path === "" ? key : `${path}.${key}`, into);
  } else into.set(path, String(value));
  return into;
}

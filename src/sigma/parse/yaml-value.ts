import type { Scalar } from "../ast.ts";

/** A value of a YAML document. Maps keep the order of their keys, whatever the keys look like. */
export type YamlValue = Scalar | YamlMap | readonly YamlValue[];

export type YamlMap = ReadonlyMap<string, YamlValue>;

/** Tells a YAML map from other values. */
export function isMap(value: YamlValue | undefined): value is YamlMap {
  return value instanceof Map;
}

/** Tells a YAML list from other values. */
export function isList(value: YamlValue | undefined): value is readonly YamlValue[] {
  return Array.isArray(value);
}

/** As plain objects and lists, for what Sigma does not name; objects without prototype, so no key is special. */
export function toPlain(value: YamlValue): unknown {
  if (isMap(value)) {
    const plain: Record<string, unknown> = Object.create(null);
    for (const [key, member] of value) plain[key] = toPlain(member);
    return plain;
  }
  return isList(value) ? value.map(toPlain) : value;
}

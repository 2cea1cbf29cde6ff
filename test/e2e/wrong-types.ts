import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./tagsmith-process.ts";

type Path = readonly (string | number)[];

const wrongValues: readonly unknown[] = [
  { not: { expected: [] } },
  [[], {}],
  true,
  -1e300,
  null,
  "\0\u{1f4a3}\ud800",
  "",
];

/** Each sample of each mapping with each of its fields replaced by each wrong value, one at a time. */
export function wrongTypeDocuments(): unknown[] {
  const out: unknown[] = [];
  for (const file of globSync(join(root, "test/golden/mapping/*.yaml"))) {
    const { matches } = parse(readFileSync(file, "utf8"));
    for (const { documents } of matches) for (const one of documents) out.push(...variants(one));
  }
  return out;
}

function variants(document: unknown): unknown[] {
  if (typeof document !== "object" || document === null) return [];
  return pathsOf(document).flatMap((path) => wrongValues.map((value) => replaceAt(document, path, value)));
}

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...at, key]));
  return at.length === 0 ? inner : [at, ...inner];
}

function replaceAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((one, index) => (`${index}` === `${key}` ? replaceAt(one, rest, replacement) : one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, name === key ? replaceAt(one, rest, replacement) : one]),
  );
}

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { Random } from "../../samples/random.ts";
import { builtInReaders } from "../../src/normalize/built-in-readers.ts";
import { samplesSchema } from "../../src/normalize/check-samples.ts";
import { createNormalizer } from "../../src/normalize/create-normalizer.ts";
import { loadMappings } from "../../src/normalize/load-mappings.ts";
import type { Mapping } from "../../src/normalize/mapping-schema.ts";
import type { Document, SourceRecord } from "../../src/sdk/index.ts";

const root = path.resolve(import.meta.dirname, "../..");
export const mappings = loadMappings(path.join(root, "mappings"));

interface Sample {
  readonly mapping: string;
  readonly document: Document;
  readonly container: string;
}

/** Documents of all kinds, those that a mapping must leave alone among them. */
export const samples = readdirSync(path.join(root, "test/golden/mapping")).flatMap((file): Sample[] => {
  const {
    matches,
    near_misses,
    container = "logs",
  } = samplesSchema.parse(parse(readFileSync(path.join(root, "test/golden/mapping", file), "utf8")));
  const documents = [...matches.flatMap((match) => match.documents), ...near_misses];
  return documents.map((document) => ({ mapping: file.replace(".yaml", ""), document, container }));
});

/** Reads documents one after the other; what they read as, without the documents themselves. */
export function createReader(some: readonly Mapping[] = mappings) {
  const normalizer = createNormalizer({ mappings: some, readers: builtInReaders, source: "s" });
  const readAll = (records: readonly SourceRecord[]): readonly unknown[] => {
    const results = [...normalizer.normalize(records), ...normalizer.flush()];
    return results.map(({ records: from, ...result }) => ({ ...result, records: from.map(({ id }) => id) }));
  };
  let sequence = 0;
  return {
    all: readAll,
    one: (document: Document, container: string) => {
      sequence += 1;
      return readAll([{ kind: "document", document, container, id: `d${sequence}`, sequence }]);
    },
  };
}

/** Wraps, drops, empties and flattens parts of a document. */
export function distort(document: Document, random: Random): Document {
  const change = (value: unknown, depth: number): unknown => {
    const isInner = typeof value === "object" && value !== null;
    switch (random.below(14)) {
      case 0:
        return [value, {}];
      case 1:
        return [value];
      case 2:
        return isInner ? {} : null;
      case 3:
        return ["x", value];
      default:
        return isInner && !Array.isArray(value) && depth < 6 ? changeAll(Object.entries(value), depth) : value;
    }
  };
  const changeAll = (entries: readonly [string, unknown][], depth: number): Document => {
    const made: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      const kind = random.below(14);
      if (kind === 0) continue;
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      if (kind === 1 && isObject) for (const [inner, one] of Object.entries(value)) made[`${key}.${inner}`] = one;
      else made[key] = change(value, depth + 1);
    }
    return made;
  };
  return changeAll(Object.entries(document), 0);
}

/**
 * Leaves of a document what search servers leave when they are asked for some paths: objects and elements of lists that
 * become empty are dropped.
 */
export function cutDown(document: Document, paths: readonly string[]): Document {
  const isKept = (path: string): boolean => paths.some((one) => path === one || path.startsWith(`${one}.`));
  const mayHold = (path: string): boolean => paths.some((one) => one.startsWith(`${path}.`));
  const filter = (value: unknown, path: string): unknown => {
    if (path !== "" && isKept(path)) return value;
    if (path !== "" && !mayHold(path)) return undefined;
    if (Array.isArray(value)) {
      const left = value.map((one) => filter(one, path)).filter((one) => one !== undefined);
      return left.length === 0 ? undefined : left;
    }
    if (typeof value !== "object" || value === null) return undefined;
    const entries = Object.entries(value).map(([key, inner]) => [
      key,
      filter(inner, path === "" ? key : `${path}.${key}`),
    ]);
    const left = entries.filter(([, inner]) => inner !== undefined);
    return left.length === 0 && path !== "" ? undefined : Object.fromEntries(left);
  };
  const left = filter(document, "");
  return typeof left === "object" && left !== null ? { ...left } : {};
}

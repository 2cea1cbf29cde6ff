import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { samplesSchema } from "../src/normalize/check-samples.ts";
import { frequentShapes } from "./frequent-shapes.ts";

/** One in so many is a frequent shape; the rest are the samples of all mappings, in equal parts. */
const frequentShare = 0.5;

/**
 * An endless shuffled mix of documents of all shapes, as JSON lines: the same in every run. Numbers in a sample's
 * documents change from one time to the next, so that no two are equal; documents of one event stay together.
 */
export function* mixedLines(): Generator<string> {
  const random = seeded(20_261_124);
  const templates = sampleTemplates();
  for (let number = 0; ; number += 1) {
    if (random() < frequentShare) {
      const shape = frequentShapes[Math.floor(random() * frequentShapes.length)];
      for (const document of shape?.(number, random) ?? []) yield JSON.stringify(document);
    } else {
      const template = templates[Math.floor(random() * templates.length)] ?? [];
      yield* varied(template, random);
    }
  }
}

/** Documents of the golden samples that belong together, as JSON lines. */
function sampleTemplates(): string[][] {
  const folder = resolve(import.meta.dirname, "../test/golden/mapping");
  return readdirSync(folder).flatMap((name) => {
    const samples = samplesSchema.parse(parse(readFileSync(resolve(folder, name), "utf8")));
    return samples.matches.map(({ documents }) => documents.map((document) => JSON.stringify(document)));
  });
}

/** The last four digits of every long number change, the same number to the same one. */
function varied(lines: readonly string[], random: () => number): string[] {
  const changed = new Map<string, string>();
  const change = (digits: string): string => {
    const known = changed.get(digits);
    if (known !== undefined) return known;
    const made = digits.slice(0, -4) + String(Math.floor(random() * 10_000)).padStart(4, "0");
    changed.set(digits, made);
    return made;
  };
  return lines.map((line) => line.replaceAll(/[1-9]\d{4,}/g, change));
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import { createFeatureSpace } from "../../src/session/feature-accumulator.ts";
import { createFeatureLister } from "../../src/session/list-features.ts";
import { accumulateSession } from "../../src/session/score-session.ts";

const sessionSchema = z.object({
  name: z.string(),
  events: z.array(z.array(z.tuple([z.string(), z.number()]))),
  features: z.record(z.string(), z.number()),
});

const sessions = readFileSync(path.join(import.meta.dirname, "session/sessions.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => sessionSchema.parse(JSON.parse(line)));
const space = createFeatureSpace(loadVocabulary(path.resolve(import.meta.dirname, "../../schema/tags.json")));
const featuresOf = createFeatureLister(space);

describe("session features", () => {
  it.each(sessions)("of the $name session are what they always were", ({ events, features }) => {
    const labels = events.map((event) => event.map(([label_id, score]) => ({ label_id, score, axis: "" })));
    const listed = featuresOf(accumulateSession(space, labels));
    expect([...listed.keys()].sort()).toEqual(Object.keys(features).sort());
    for (const [name, value] of Object.entries(features)) {
      expect(Math.abs((listed.get(name) ?? Number.NaN) - value), name).toBeLessThan(1e-9);
    }
  });
});

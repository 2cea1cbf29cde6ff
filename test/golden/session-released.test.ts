import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import { createFeatureSpace } from "../../src/session/feature-accumulator.ts";
import { createFeatureLister } from "../../src/session/list-features.ts";
import { loadSessionModel } from "../../src/session/load-session-model.ts";
import { accumulateSession } from "../../src/session/score-session.ts";
import { createSessionScorer } from "../../src/session/session-scorer.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = path.join(root, "../shared/data/l2-golden");
const absent = !existsSync(folder);
if (absent) console.info(`Skipped: released session vectors are not at ${folder}.`);

const contribution = z.object({ feature: z.string(), value: z.number(), contribution: z.number() });
const vectorSchema = z.object({
  session_id: z.string(),
  events: z.array(z.array(z.tuple([z.string(), z.number()]))),
  features: z.record(z.string(), z.number()),
  model_probability: z.number(),
  adjusted_probability: z.number(),
  risk_probability: z.number(),
  session_label: z.string(),
  top_feature_contributions: z.array(contribution),
});

function vectors() {
  const text = gunzipSync(readFileSync(path.join(folder, "sessions.jsonl.gz"))).toString("utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => vectorSchema.parse(JSON.parse(line)));
}

describe.skipIf(absent)("released session vectors", () => {
  it("are reproduced: every feature, probability, label and contribution", () => {
    const space = createFeatureSpace(loadVocabulary(path.join(root, "schema/tags.json")));
    const scorer = createSessionScorer(space, loadSessionModel(path.join(folder, "model.json")), "golden");
    const featuresOf = createFeatureLister(space);
    const all = vectors();
    expect(all).toHaveLength(120);
    for (const vector of all) {
      const labels = vector.events.map((event) => event.map(([label_id, score]) => ({ label_id, score, axis: "" })));
      const features = accumulateSession(space, labels);
      const listed = featuresOf(features);
      expect([...listed.keys()].sort(), vector.session_id).toEqual(Object.keys(vector.features).sort());
      for (const [name, value] of Object.entries(vector.features)) {
        expect(Math.abs((listed.get(name) ?? Number.NaN) - value), `${vector.session_id} ${name}`).toBeLessThan(1e-9);
      }
      const score = scorer.score(features);
      expect(Math.abs(score.modelProbability - vector.model_probability)).toBeLessThan(1e-9);
      expect(Math.abs(score.adjustedProbability - vector.adjusted_probability)).toBeLessThan(1e-9);
      expect(Math.abs(score.riskProbability - vector.risk_probability)).toBeLessThan(1e-9);
      expect(score.label).toBe(vector.session_label);
      expect(scorer.judge(features)).toBe(vector.session_label);
      expect(scorer.explain(features), vector.session_id).toEqual(vector.top_feature_contributions);
    }
  });
});

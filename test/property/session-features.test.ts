import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeatureAccumulator } from "../../src/session/feature-accumulator.ts";
import { createFeatureLister } from "../../src/session/list-features.ts";
import { accumulateSession } from "../../src/session/score-session.ts";
import { oracleFeatures } from "./session-oracle.ts";
import { labelsArbitrary, sampleModel, sampleScorer, vocabulary } from "./session-samples.ts";

const { space } = sampleScorer;
const listFeatures = createFeatureLister(space);

function expectEqual(actual: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): void {
  expect([...actual.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, value] of wanted) {
    expect(
      Math.abs((actual.get(name) ?? Number.NaN) - value),
      `${name}: ${actual.get(name)} for ${value}`,
    ).toBeLessThan(1e-9);
  }
}

describe("session features", () => {
  it("agree with their definition on random sessions", () => {
    fc.assert(
      fc.property(fc.array(labelsArbitrary, { maxLength: 150, size: "max" }), (session) => {
        expectEqual(listFeatures(accumulateSession(space, session)), oracleFeatures(vocabulary, session));
      }),
      { numRuns: 150 },
    );
  });

  it("agree with their definition on long sessions of much the same", () => {
    const labels = (i: number) => [
      { label_id: i % 7 === 0 ? "create_archive" : "enumerate_packages", score: 0.6 + (i % 3) * 0.05, axis: "" },
      { label_id: "read_system_config", score: 0.58, axis: "" },
    ];
    for (const length of [31, 32, 127, 128, 511, 512, 2047, 2048, 5000]) {
      const session = Array.from({ length }, (_, i) => labels(i));
      expectEqual(listFeatures(accumulateSession(space, session)), oracleFeatures(vocabulary, session));
    }
  });

  it("give the probability that the definition of the model gives", () => {
    fc.assert(
      fc.property(fc.array(labelsArbitrary, { minLength: 1, maxLength: 40, size: "max" }), (session) => {
        const features = oracleFeatures(vocabulary, session);
        const logits = sampleModel.feature_names.reduce((sum, name, i) => {
          const scale = sampleModel.scale[i] || 1;
          return sum + ((sampleModel.coef[i] ?? 0) * (features.get(name) ?? 0)) / scale;
        }, sampleModel.intercept);
        const score = sampleScorer.score(accumulateSession(space, session));
        expect(score.modelProbability).toBeCloseTo(1 / (1 + Math.exp(-logits)), 9);
        const margin = Math.log(score.modelProbability / (1 - score.modelProbability)) - Math.log(0.4 / 0.6);
        expect(score.riskProbability).toBeCloseTo(1 / (1 + Math.exp(-1.3 * margin)), 6);
      }),
    );
  });

  it("start from nothing for a segment without events", () => {
    expectEqual(listFeatures(new FeatureAccumulator(space)), oracleFeatures(vocabulary, []));
  });
});

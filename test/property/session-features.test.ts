import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStore } from "../../src/session/event-store.ts";
import { FeatureAccumulator } from "../../src/session/feature-accumulator.ts";
import { createFeatureLayout, tagWidth } from "../../src/session/feature-layout.ts";
import { createFeatureLister } from "../../src/session/list-features.ts";
import { parseSessionModel } from "../../src/session/load-session-model.ts";
import { accumulateSession } from "../../src/session/score-session.ts";
import { createSessionScorer } from "../../src/session/session-scorer.ts";
import { oracleFeatures } from "./session-oracle.ts";
import { labelsArbitrary, sampleEvent, sampleModel, sampleScorer, vocabulary } from "./session-samples.ts";

const { space } = sampleScorer;
const listFeatures = createFeatureLister(space);

/** A model with a weight of its own for every feature, both signs, so that labels flip often. */
function randomModelScorer() {
  const layout = createFeatureLayout(space.profiles);
  const names = Array.from({ length: layout.tags + space.profiles.known * tagWidth }, (_, index) =>
    layout.nameOf(index),
  );
  const model = {
    ...sampleModel,
    feature_names: names,
    scale: names.map((_, i) => 0.5 + ((i * 7919) % 101) / 101),
    coef: names.map((_, i) => ((i * 104_729) % 199) / 99.5 - 1),
    intercept: 0,
  };
  return createSessionScorer(space, parseSessionModel(model, "random model"), "random@1");
}

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

  it("give the running label that they give as a whole, after every event", () => {
    const random = randomModelScorer();
    fc.assert(
      fc.property(fc.array(labelsArbitrary, { minLength: 1, maxLength: 60, size: "max" }), (session) => {
        const store = new EventStore(random.space.profiles);
        const running = random.start();
        session.forEach((labels, i) => {
          running.add(store, store.add(sampleEvent("a", i, 0, labels), 0, 0, 0));
          const whole = accumulateSession(random.space, session.slice(0, i + 1));
          expect(random.judge(running)).toBe(random.judge(whole));
          expect(random.judge(running)).toBe(random.score(running).label);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("start from nothing for a segment without events", () => {
    expectEqual(listFeatures(new FeatureAccumulator(space)), oracleFeatures(vocabulary, []));
  });
});

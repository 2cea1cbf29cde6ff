import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { loadSessionModel, parseSessionModel } from "../../src/session/load-session-model.ts";
import { accumulateSession } from "../../src/session/score-session.ts";
import { createSessionScorer } from "../../src/session/session-scorer.ts";
import { sampleModel, sampleScorer } from "../property/session-samples.ts";

const folder = mkdtempSync(path.join(tmpdir(), "session-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

function refusal(value: unknown): string {
  try {
    parseSessionModel(value, "l2.json");
  } catch (error) {
    if (error instanceof TagsmithError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

function scorerOf(change: object) {
  return createSessionScorer(sampleScorer.space, parseSessionModel({ ...sampleModel, ...change }, "sample"), "sample");
}

const attack = Array.from({ length: 200 }, () => [
  { label_id: "upload_credential_material", score: 0.9, axis: "" },
  { label_id: "read_credential_material", score: 0.88, axis: "" },
]);
const maintenance = Array.from({ length: 200 }, (_, i) => [
  { label_id: i % 4 === 0 ? "enumerate_packages" : "upload_credential_material", score: 0.9, axis: "" },
]);

describe("session model", () => {
  it("is read from a file", () => {
    const file = path.join(folder, "good.json");
    writeFileSync(file, JSON.stringify(sampleModel));
    expect(loadSessionModel(file)).toEqual(sampleModel);
  });

  it("is refused with file and field when it does not fit", () => {
    expect(refusal({ ...sampleModel, schema: "another" })).toMatch(/session_model_invalid l2\.json.*schema/s);
    expect(refusal({ ...sampleModel, feature_schema: "v2" })).toMatch(/feature_schema/);
    expect(refusal({ ...sampleModel, score_transform: "log" })).toMatch(/score_transform/);
    expect(refusal({ ...sampleModel, coef: [1, 2] })).toMatch(/one number for each of feature_names.*coef/s);
    expect(refusal({ ...sampleModel, scale: [1, 1, 1, 1, -1] })).toMatch(/scale/);
    expect(refusal({ ...sampleModel, feature_names: ["a", "a", "b", "c", "d"] })).toMatch(/every name once/);
    expect(refusal({ ...sampleModel, coef: [1, 2, 3, 4, Number.NaN] })).toMatch(/coef/);
    expect(refusal({ ...sampleModel, model_threshold: 1.5 })).toMatch(/model_threshold/);
    for (const value of [null, [], "text", 7, {}]) expect(refusal(value)).toMatch(/^session_model_invalid l2\.json/);
  });

  it("is refused when the file is absent or no JSON", () => {
    expect(() => loadSessionModel(path.join(folder, "absent.json"))).toThrow(/absent\.json: cannot be read as JSON/);
    const file = path.join(folder, "torn.json");
    writeFileSync(file, JSON.stringify(sampleModel).slice(0, 50));
    expect(() => loadSessionModel(file)).toThrow(/torn\.json: cannot be read as JSON/);
  });

  it("leaves the probability as it is under the raw transform", () => {
    const score = scorerOf({ score_transform: "raw" }).score(accumulateSession(sampleScorer.space, attack.slice(0, 9)));
    expect(score.riskProbability).toBe(score.adjustedProbability);
  });

  it("holds long sessions of professional work below certainty, and attacks not", () => {
    const scorer = scorerOf({ intercept: 40 });
    const calm = scorer.score(accumulateSession(sampleScorer.space, maintenance));
    expect(calm.modelProbability).toBeGreaterThan(0.99);
    expect(calm.adjustedProbability).toBe(0.85);
    expect(scorer.score(accumulateSession(sampleScorer.space, maintenance.slice(0, 127))).adjustedProbability).toBe(
      scorer.score(accumulateSession(sampleScorer.space, maintenance.slice(0, 127))).modelProbability,
    );
  });

  it("stays within 0 and 1 for extreme models", () => {
    for (const intercept of [-1e6, 1e6]) {
      const score = scorerOf({ intercept }).score(accumulateSession(sampleScorer.space, attack.slice(0, 9)));
      expect(score.riskProbability).toBeGreaterThanOrEqual(0);
      expect(score.riskProbability).toBeLessThanOrEqual(1);
      expect(score.label).toBe(intercept > 0 ? "intrusion" : "normal_operation");
    }
  });
});

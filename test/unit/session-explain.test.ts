import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/event/verdict.ts";
import { explainVerdict } from "../../src/session/explain-verdict.ts";
import { createFeatureLayout } from "../../src/session/feature-layout.ts";
import { sampleScorer } from "../property/session-samples.ts";

const verdict: Verdict = {
  id: "web-1|4711#part2",
  sessionKey: "web-1|4711",
  segment: 2,
  platform: "linux",
  verdict: "intrusion",
  score: 0.9312,
  threshold: 0.5,
  modelProbability: 0.8,
  phase: "final",
  events: 12,
  firstTimeMs: 0,
  lastTimeMs: 1,
  tags: [],
  contributions: [],
  hosts: [],
  users: [],
  model: "sample@1",
};

function sentenceFor(feature: string, contribution = 0.5): string | undefined {
  return explainVerdict({ ...verdict, contributions: [{ feature, value: 1, contribution }] })[1];
}

describe("explained verdict", () => {
  it("says what the session is, whether that is final, and how sure the model is", () => {
    expect(explainVerdict(verdict)).toEqual([
      "web-1|4711#part2: an intrusion, 12 events (score 0.93, intrusion from 0.50).",
    ]);
    expect(explainVerdict({ ...verdict, verdict: "normal_operation", phase: "online", events: 1, score: 0.2 })).toEqual(
      ["web-1|4711#part2: normal operation so far, 1 event (score 0.20, intrusion from 0.50)."],
    );
  });

  it("gives each contribution a sentence with its direction", () => {
    expect(sentenceFor("tag_ratio::spawn_reverse_shell", 0.5)).toBe(
      "The share of spawn reverse shell speaks for intrusion (+0.50).",
    );
    expect(sentenceFor("family_transition::recon->data_egress", -0.25)).toBe(
      "Going from the family recon to data egress speaks for normal operation (-0.25).",
    );
    expect(sentenceFor("chain_tag_download_before_execute")).toBe(
      "Download before execute speaks for intrusion (+0.50).",
    );
    expect(sentenceFor("long_context_tagged_ratio")).toBe(
      "The share of events with a clear tag, in a long session speaks for intrusion (+0.50).",
    );
  });

  it("says that a withdrawn segment is one", () => {
    expect(explainVerdict({ ...verdict, events: 0 })).toEqual([
      "web-1|4711#part2: withdrawn, its events belong to an earlier segment.",
    ]);
  });

  it("has words for every feature there is, and never its bare name", () => {
    const layout = createFeatureLayout(sampleScorer.space.profiles);
    const names = Array.from({ length: layout.tags + 4 }, (_, index) => layout.nameOf(index));
    for (const name of [...names, "a_feature_of_another_model"]) {
      expect(sentenceFor(name)).toMatch(/^[A-Z0-9][^_:]+ speaks for intrusion \(\+0\.50\)\.$/);
    }
  });
});

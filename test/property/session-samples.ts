import path from "node:path";
import fc from "fast-check";
import type { Label } from "../../src/event/label.ts";
import type { Verdict } from "../../src/event/verdict.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import type { SessionEvent } from "../../src/session/event-store.ts";
import { createFeatureSpace } from "../../src/session/feature-accumulator.ts";
import { parseSessionModel, type SessionModel } from "../../src/session/load-session-model.ts";
import { createSessionScorer } from "../../src/session/session-scorer.ts";

export const vocabulary = loadVocabulary(path.resolve(import.meta.dirname, "../../schema/tags.json"));

/** A small model whose verdict hangs on a few features, so that labels flip within short sessions. */
export const sampleModel: SessionModel = parseSessionModel(
  {
    schema: "agentsmith_rev20_l2_ml_v1",
    feature_schema: "agentsmith_rev20_l2_features_v1",
    risk_policy_id: vocabulary.risk_policy,
    threshold: 0.5,
    model_threshold: 0.4,
    score_threshold: 0.5,
    score_transform: "threshold_margin",
    score_transform_scale: 1.3,
    feature_names: [
      "event_intensity_mean",
      "tail16_event_intensity_mean",
      "top1_score_mean",
      "tag_ratio::enumerate_packages",
      "a_feature_nobody_has",
    ],
    scale: [0.5, 0.5, 0.1, 0, 1],
    coef: [0.4, 0.9, -0.2, -1, 3],
    intercept: -12,
  },
  "sample model",
);

export const sampleScorer = createSessionScorer(createFeatureSpace(vocabulary), sampleModel, "sample@1");

const chainTags = [
  ...["create_archive", "upload_external_content", "archive_sensitive_content", "upload_sensitive_content"],
  ...["read_credential_material", "upload_credential_material", "download_script", "execute_downloaded_content"],
  ...["download_executable", "write_executable_content", "enumerate_packages", "a_tag_of_another_vocabulary"],
];
const tagIds = [...chainTags, ...chainTags, ...vocabulary.tags.map((tag) => tag.id)];

/** Labels of one event: 0 to 6, in any order, most of them near each other so that several are selected. */
export const labelsArbitrary: fc.Arbitrary<Label[]> = fc.uniqueArray(
  fc.record({
    label_id: fc.constantFrom(...tagIds),
    score: fc.oneof(fc.double({ min: 0.5, max: 0.75, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    axis: fc.constant(""),
  }),
  { maxLength: 6, selector: (label) => label.label_id },
);

/** Events of three sessions over some hours, with equal times, times missing, and ids of their own. */
export const eventsArbitrary: fc.Arbitrary<SessionEvent[]> = fc
  .array(
    fc.record({
      key: fc.constantFrom("a", "b", "c"),
      stepMs: fc.constantFrom(0, 0, 1, 1000, 60_000, 300_000, 900_000, 2_000_000),
      host: fc.constantFrom("web-1", "web-2", undefined),
      topLabels: labelsArbitrary,
    }),
    { minLength: 1, maxLength: 80, size: "max" },
  )
  .map((steps) => {
    let timeMs = 1_750_000_000_000;
    return steps.map(({ key, stepMs, host, topLabels }, sequence) => {
      timeMs += stepMs;
      return sampleEvent(key, sequence, timeMs, topLabels, host);
    });
  });

export function sampleEvent(
  sessionKey: string,
  sequence: number,
  timeMs: number | undefined,
  topLabels: readonly Label[],
  host?: string,
): SessionEvent {
  return {
    event: {
      id: `event-${sequence}`,
      sessionKey,
      platform: "linux",
      origin: { sequence },
      user: "user",
      ...(timeMs === undefined ? {} : { timeMs }),
      ...(host === undefined ? {} : { host }),
    },
    topLabels,
  };
}

/** The last verdict of each id, by id: what upserts leave behind. Withdrawn ones are gone. */
export function lastVerdicts(verdicts: readonly Verdict[]): Map<string, Verdict> {
  const last = new Map<string, Verdict>();
  for (const verdict of verdicts) last.set(verdict.id, verdict);
  for (const [id, verdict] of last) if (verdict.events === 0) last.delete(id);
  return new Map([...last].sort(([a], [b]) => (a < b ? -1 : 1)));
}

import type { Config } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { createSessionStage } from "../pipeline/create-session-stage.ts";
import type { SessionStage } from "../pipeline/session-stage.ts";
import { createFeatureSpace } from "../session/feature-accumulator.ts";
import { loadSessionModel } from "../session/load-session-model.ts";
import { createSessionScorer } from "../session/session-scorer.ts";
import { createSessionTracker } from "../session/session-tracker.ts";
import type { OpenLabeller } from "./open-labeller.ts";

/** The session stage of the artifact's session model. Throws `artifact_without_session_model`, `session_model_invalid`. */
export function openSessions(config: Config, opened: OpenLabeller, now: () => number): SessionStage {
  const { artifact, vocabulary } = opened;
  if (artifact.sessionModel === undefined) {
    throw new TagsmithError("artifact_without_session_model", `${artifact.directory}: has no session model.`, "exit");
  }
  const space = createFeatureSpace(vocabulary);
  const scorer = createSessionScorer(space, loadSessionModel(artifact.sessionModel), artifact.model);
  const { idle_secs, max_age_secs, min_window_size, score_every, retention_secs, emit } = config.session;
  const tracker = createSessionTracker({
    scorer,
    idleSecs: idle_secs,
    maxAgeSecs: max_age_secs,
    minWindowSize: min_window_size,
    scoreEvery: score_every,
    retentionSecs: retention_secs,
    emit,
    followsEventTime: config.source["follow"] === true,
    recordChanges: true,
  });
  return createSessionStage(tracker, now);
}

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
export function openSessions(config: Config["session"], opened: OpenLabeller, now: () => number): SessionStage {
  const { artifact, vocabulary } = opened;
  if (artifact.sessionModel === undefined) {
    throw new TagsmithError("artifact_without_session_model", `${artifact.directory}: has no session model.`, "exit");
  }
  const space = createFeatureSpace(vocabulary);
  const scorer = createSessionScorer(space, loadSessionModel(artifact.sessionModel), artifact.model);
  const tracker = createSessionTracker({
    scorer,
    idleSecs: config.idle_secs,
    maxAgeSecs: config.max_age_secs,
    minWindowSize: config.min_window_size,
    scoreEvery: config.score_every,
    retentionSecs: config.retention_secs,
    emit: config.emit,
    recordChanges: true,
  });
  return createSessionStage(tracker, now);
}

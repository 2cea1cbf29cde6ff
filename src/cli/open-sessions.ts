import type { Config } from "../config/config-schema.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import { createSessionStage } from "../pipeline/create-session-stage.ts";
import type { SessionStage } from "../pipeline/session-stage.ts";
import { chooseThreshold, withThreshold } from "../session/choose-threshold.ts";
import { createFeatureSpace } from "../session/feature-accumulator.ts";
import { loadSessionModel, type SessionModel } from "../session/load-session-model.ts";
import { createSessionScorer } from "../session/session-scorer.ts";
import { createSessionTracker, type SessionTracker } from "../session/session-tracker.ts";
import type { TrackerSettings } from "../session/tracker-settings.ts";
import type { OpenLabeller } from "./open-labeller.ts";

/** How often sessions of a busy source are closed by the clock. */
const closeEveryMs = 10_000;

interface SessionSurroundings {
  /** The input has no end. */
  readonly isLive: boolean;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  readonly onLate: TrackerSettings["onLate"];
}

/** The session stage of the artifact's session model. Throws `artifact_without_session_model`, `session_model_invalid`. */
export function openSessions(
  config: Config,
  opened: OpenLabeller,
  { isLive, now, onLate }: SessionSurroundings,
): SessionStage {
  const followsEventTime = followsOneFile(config);
  const tracker = createTrackers(config, opened, onLate)({ followsEventTime });
  return createSessionStage(tracker, now, isLive && !followsEventTime ? closeEveryMs : undefined);
}

/** A log is in the order of its events. Several are read side by side, and the indices of a search server by ingest time. */
function followsOneFile({ source }: Config): boolean {
  const { follow, paths } = source;
  return follow === true && Array.isArray(paths) && paths.length === 1 && !/[*?[\]{}]/.test(String(paths[0]));
}

/** Makes trackers that judge as the configuration says. Throws as `openSessions`. */
export function createTrackers(
  config: Config,
  opened: OpenLabeller,
  onLate: TrackerSettings["onLate"],
): (more: Partial<TrackerSettings>) => SessionTracker {
  const { artifact, vocabulary } = opened;
  if (artifact.sessionModel === undefined) {
    throw new TagsmithError("artifact_without_session_model", `${artifact.directory}: has no session model.`, "exit");
  }
  const space = createFeatureSpace(vocabulary);
  const model = atThreshold(loadSessionModel(artifact.sessionModel), config.session);
  const scorer = createSessionScorer(space, model, artifact.model);
  const { idle_secs, max_age_secs, min_window_size, score_every, retention_secs, emit } = config.session;
  const settings = {
    scorer,
    idleSecs: idle_secs,
    maxAgeSecs: max_age_secs,
    minWindowSize: min_window_size,
    scoreEvery: score_every,
    retentionSecs: retention_secs,
    emit,
    onLate,
    recordChanges: true,
  };
  return (more) => createSessionTracker({ ...settings, ...more });
}

/** The model with the threshold that the configuration asks for, by number or by what a team can look at. */
function atThreshold(model: SessionModel, { threshold, alert_budget: budget }: Config["session"]): SessionModel {
  if (threshold !== undefined && budget !== undefined) {
    throw new TagsmithError("config_invalid", "session: give threshold or alert_budget, not both.", "exit");
  }
  if (threshold !== undefined) return withThreshold(model, threshold);
  if (budget === undefined) return model;
  const { false_alarms_per_day: falseAlarmsPerDay, sessions_per_day: sessionsPerDay } = budget;
  const point = chooseThreshold(model.operating_points, { falseAlarmsPerDay, sessionsPerDay });
  return withThreshold(model, point.threshold);
}

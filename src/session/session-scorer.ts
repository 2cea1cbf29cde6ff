import type { Contribution, SessionLabel } from "../event/verdict.ts";
import { FeatureAccumulator, type FeatureSpace } from "./feature-accumulator.ts";
import { createFeatureLayout, type FeatureLayout } from "./feature-layout.ts";
import { FeatureVector } from "./feature-vector.ts";
import type { SessionModel } from "./load-session-model.ts";
import { RunningLogit } from "./running-logit.ts";
import { topContributions } from "./top-contributions.ts";
import { writeFeatures, writeSessionFeatures } from "./write-features.ts";

/** Probabilities of one segment on the way to its verdict. */
interface SessionScore {
  /** As the model says. */
  readonly modelProbability: number;
  /** After the cap for long operational sessions. */
  readonly adjustedProbability: number;
  /** After the transform; compared with the threshold. */
  readonly riskProbability: number;
  readonly label: SessionLabel;
}

/** Scores segments with one model. */
export interface SessionScorer {
  readonly space: FeatureSpace;
  readonly threshold: number;
  /** Written into verdicts. */
  readonly modelName: string;
  /** An empty segment that `judge` is quick with. */
  readonly start: () => FeatureAccumulator;
  readonly score: (features: FeatureAccumulator) => SessionScore;
  /** The label that `score` gives, for scoring while a session runs: in far less time, and making no object. */
  readonly judge: (features: FeatureAccumulator) => SessionLabel;
  /** The at most 12 features with the largest share, each at least 0.01 logits, largest first. */
  readonly explain: (features: FeatureAccumulator) => Contribution[];
}

/** Columns by feature number; features that the model lacks weigh 0. */
export interface ModelColumns {
  readonly scale: Float64Array;
  /** coef / scale */
  readonly weights: Float64Array;
}

/** Compiles a model for the vocabulary of `space`. */
export function createSessionScorer(space: FeatureSpace, model: SessionModel, modelName: string): SessionScorer {
  const layout = createFeatureLayout(space.profiles);
  const columns = compileColumns(layout, model);
  const transform = compileTransform(model);
  const scratch = new FeatureVector();
  const all = createFeatureReader(layout);
  const probability = (features: FeatureAccumulator): number =>
    sigmoid(model.intercept + dot(columns.weights, all(features)));
  const labelOf = (risk: number): SessionLabel => (risk >= model.score_threshold ? "intrusion" : "normal_operation");
  return {
    space,
    threshold: model.score_threshold,
    modelName,
    start: () => new FeatureAccumulator(space, new RunningLogit(columns.weights, layout)),
    score: (features) => {
      const modelProbability = probability(features);
      const adjustedProbability = capLongOperational(features, modelProbability);
      const riskProbability = transform(adjustedProbability);
      return { modelProbability, adjustedProbability, riskProbability, label: labelOf(riskProbability) };
    },
    judge: (features) => {
      if (features.logit === undefined) return labelOf(transform(capLongOperational(features, probability(features))));
      writeSessionFeatures(layout, features, scratch);
      const logits = model.intercept + dot(columns.weights, scratch) + features.logit.valueAt(features.events);
      return labelOf(transform(capLongOperational(features, sigmoid(logits))));
    },
    explain: (features) => topContributions(layout, columns, all(features)),
  };
}

/** Reads all features of a segment; those read last are at hand, as a segment is scored and then explained. */
function createFeatureReader(layout: FeatureLayout): (features: FeatureAccumulator) => FeatureVector {
  const vector = new FeatureVector();
  let last: FeatureAccumulator | undefined;
  let events = 0;
  return (features) => {
    if (features !== last || features.events !== events) writeFeatures(layout, features, vector);
    last = features;
    events = features.events;
    return vector;
  };
}

function compileColumns(layout: FeatureLayout, model: SessionModel): ModelColumns {
  const indexes = model.feature_names.map((name) => layout.indexOf(name) ?? -1);
  const size = indexes.reduce((largest, index) => Math.max(largest, index + 1), layout.tags);
  const weights = new Float64Array(size);
  const scale = new Float64Array(size).fill(1);
  indexes.forEach((index, position) => {
    if (index < 0) return;
    scale[index] = model.scale[position] || 1;
    weights[index] = (model.coef[position] ?? 0) / (scale[index] ?? 1);
  });
  return { scale, weights };
}

function dot(weights: Float64Array, { indexes, values, count }: FeatureVector): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) {
    const index = indexes[i] ?? 0;
    if (index < weights.length) sum += (weights[index] ?? 0) * (values[i] ?? 0);
  }
  return sum;
}

/** Long sessions of plainly operational work do not count as near-certain intrusions. */
function capLongOperational(features: FeatureAccumulator, probability: number): number {
  const { events } = features;
  if (events < 128 || features.explicitAttack / events > 0.01) return probability;
  const operational =
    features.professional / events >= 0.15 ||
    features.routineOnly / events >= 0.15 ||
    features.operationalOnly / events >= 0.05;
  return operational ? Math.min(probability, 0.85) : probability;
}

function compileTransform(model: SessionModel): (probability: number) => number {
  if (model.score_transform === "raw") return (probability) => probability;
  const middle = logit(model.model_threshold);
  return (probability) => sigmoid(model.score_transform_scale * (logit(probability) - middle));
}

function sigmoid(logits: number): number {
  if (logits >= 0) return 1 / (1 + Math.exp(-logits));
  const odds = Math.exp(logits);
  return odds / (1 + odds);
}

function logit(probability: number): number {
  const clipped = Math.min(1 - 1e-9, Math.max(1e-9, probability));
  return Math.log(clipped / (1 - clipped));
}

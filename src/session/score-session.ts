import type { Label } from "../event/label.ts";
import { FeatureAccumulator, type FeatureSpace } from "./feature-accumulator.ts";
import { LabelColumns } from "./label-columns.ts";

/** Features of a whole session at once: the ranked labels of its events, in event order. */
export function accumulateSession(space: FeatureSpace, events: Iterable<readonly Label[]>): FeatureAccumulator {
  const features = new FeatureAccumulator(space);
  const labels = new LabelColumns();
  for (const event of events) {
    labels.append(space.profiles, event);
    features.add(labels, labels.length - 1);
  }
  return features;
}

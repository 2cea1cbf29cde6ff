import type { FeatureAccumulator, FeatureSpace } from "./feature-accumulator.ts";
import { createFeatureLayout } from "./feature-layout.ts";
import { FeatureVector } from "./feature-vector.ts";
import { writeFeatures } from "./write-features.ts";

/** Compiles a function that gives a segment's features by name: what a model is fitted to. */
export function createFeatureLister(space: FeatureSpace): (features: FeatureAccumulator) => Map<string, number> {
  const layout = createFeatureLayout(space.profiles);
  const vector = new FeatureVector();
  return (features) => {
    writeFeatures(layout, features, vector);
    const named = new Map<string, number>();
    for (let i = 0; i < vector.count; i += 1) {
      named.set(layout.nameOf(vector.indexes[i] ?? 0), vector.values[i] ?? 0);
    }
    return named;
  };
}

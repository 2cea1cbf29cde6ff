import type { Label } from "../event/label.ts";
import { EventStore } from "./event-store.ts";
import { FeatureAccumulator, type FeatureSpace } from "./feature-accumulator.ts";

/** Features of a whole session at once: the ranked labels of its events, in event order. */
export function accumulateSession(space: FeatureSpace, events: Iterable<readonly Label[]>): FeatureAccumulator {
  const features = new FeatureAccumulator(space);
  const store = new EventStore(space.profiles);
  let sequence = 0;
  for (const labels of events) {
    const event = { id: String(sequence), sessionKey: "", platform: "linux", origin: { sequence } } as const;
    features.add(store, store.add({ event, topLabels: labels }, 0, 0, 0));
    sequence += 1;
  }
  return features;
}

import { type FeatureLayout, familyWidth, markerWidth, tagWidth } from "./feature-layout.ts";
import { log1p } from "./log1p.ts";

/**
 * The part of a segment's logit that comes from its tags, families, markers and transitions, kept up to date as events
 * are added: nearly all of these features are sums, so scoring need not walk through all that have occurred so far.
 * Each method is called before the count it names goes up.
 */
export class RunningLogit {
  readonly #weights: Float64Array;
  readonly #layout: FeatureLayout;
  /** To be divided by the number of events. */
  #perEvent = 0;
  /** To be divided by the number of steps from event to event. */
  #perStep = 0;
  #rest = 0;

  constructor(weights: Float64Array, layout: FeatureLayout) {
    this.#weights = weights;
    this.#layout = layout;
  }

  /** `count`, `sum` and `max` of the tag's scores so far. */
  addTag(tag: number, score: number, count: number, sum: number, max: number): void {
    const index = this.#layout.tags + tag * tagWidth;
    if (index >= this.#weights.length) return;
    const meanBefore = count === 0 ? 0 : sum / count;
    this.#addCount(index, count);
    this.#rest += this.#weight(index + 2) * ((sum + score) / (count + 1) - meanBefore);
    if (count === 0 || score > max) this.#rest += this.#weight(index + 3) * (score - max);
  }

  addFamily(family: number, count: number): void {
    this.#addCount(this.#layout.families + family * familyWidth, count);
  }

  addFamilyPoints(family: number, points: number): void {
    this.#perEvent += this.#weight(this.#layout.families + family * familyWidth + 2) * points;
  }

  addMarker(marker: number, count: number): void {
    this.#addCount(this.#layout.markers + marker * markerWidth, count);
  }

  addPair(pair: number): void {
    this.#perStep += this.#weight(this.#layout.pairs + pair);
  }

  /** After `events` events. */
  valueAt(events: number): number {
    return this.#perEvent / Math.max(events, 1) + this.#perStep / Math.max(events - 1, 1) + this.#rest;
  }

  /** The logarithm of a count and its ratio stand side by side. */
  #addCount(index: number, count: number): void {
    this.#rest += this.#weight(index) * (log1p(count + 1) - log1p(count));
    this.#perEvent += this.#weight(index + 1);
  }

  #weight(index: number): number {
    return this.#weights[index] ?? 0;
  }
}

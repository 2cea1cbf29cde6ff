import type { Contribution } from "../event/verdict.ts";
import type { FeatureLayout } from "./feature-layout.ts";
import type { FeatureVector } from "./feature-vector.ts";
import type { ModelColumns } from "./session-scorer.ts";

const shown = 12;
const smallest = 0.01;
/** Half a unit of the last digit shown. */
const rounding = 0.00005;

interface Share {
  readonly index: number;
  /** feature / scale */
  readonly value: number;
  /** Rounded as shown. */
  readonly logits: number;
}

/** The features that moved a verdict most, by |coefficient × feature / scale| as shown; equal ones by name. */
export function topContributions(layout: FeatureLayout, columns: ModelColumns, vector: FeatureVector): Contribution[] {
  const top: Share[] = [];
  let least = smallest;
  for (let i = 0; i < vector.count; i += 1) {
    const index = vector.indexes[i] ?? 0;
    const feature = vector.values[i] ?? 0;
    const logits = feature * (columns.weights[index] ?? 0);
    if (!(Math.abs(logits) >= least)) continue;
    insert(top, { index, value: feature / (columns.scale[index] ?? 1), logits: round(logits) }, layout);
    if (top.length > shown) top.pop();
    if (top.length === shown) least = Math.max(smallest, Math.abs(top[shown - 1]?.logits ?? 0) - rounding);
  }
  return top.map(({ index, value, logits }) => ({
    feature: layout.nameOf(index),
    value: round(value),
    contribution: logits,
  }));
}

/** Keeps `top` ordered, largest first. */
function insert(top: Share[], share: Share, layout: FeatureLayout): void {
  let position = top.length;
  while (position > 0 && isLarger(share, top[position - 1], layout)) position -= 1;
  top.splice(position, 0, share);
}

function isLarger(share: Share, other: Share | undefined, layout: FeatureLayout): boolean {
  if (other === undefined) return false;
  const difference = Math.abs(share.logits) - Math.abs(other.logits);
  return difference === 0 ? layout.nameOf(share.index) < layout.nameOf(other.index) : difference > 0;
}

/** To four digits, halves away from zero. */
function round(value: number): number {
  return (Math.sign(value) * Math.round(Math.abs(value) * 10_000)) / 10_000;
}

import { chainRules } from "./chains.ts";
import type { FeatureAccumulator } from "./feature-accumulator.ts";
import { type FeatureLayout, familyWidth, markerWidth, tagWidth } from "./feature-layout.ts";
import type { FeatureVector } from "./feature-vector.ts";
import { log1p } from "./log1p.ts";

/** Events from which a session counts as long. */
const longSession = 32;

/** Writes the features of a segment: the session features, and those of the tags, families, markers and pairs that occur. */
export function writeFeatures(layout: FeatureLayout, from: FeatureAccumulator, out: FeatureVector): void {
  out.reset(layout.pairs + from.pairs.keys.length + from.tags.keys.length * tagWidth);
  writeSession(from, out);
  writeFamilies(layout.families, from, out);
  writeMarkers(layout.markers, from, out);
  writePairs(layout.pairs, from, out);
  writeTags(layout.tags, from, out);
}

/** Writes the session features alone. */
export function writeSessionFeatures(layout: FeatureLayout, from: FeatureAccumulator, out: FeatureVector): void {
  out.reset(layout.families);
  writeSession(from, out);
}

function writeSession(from: FeatureAccumulator, out: FeatureVector): void {
  writeSize(from, out);
  writeIntensity(from, out);
  writeRatios(from, out);
  writeTail(from, out);
  writeLongContext(from, out);
  for (let i = 0; i < chainRules.length; i += 1) out.put(out.count, (from.chainBits >>> i) & 1);
}

/** Session features are written in their order, so the next index is the count. */
function writeSize(from: FeatureAccumulator, out: FeatureVector): void {
  const events = Math.max(from.events, 1);
  out.put(out.count, 1);
  out.put(out.count, events);
  out.put(out.count, log1p(events));
  out.put(out.count, events >= 32 ? 1 : 0);
  out.put(out.count, events >= 128 ? 1 : 0);
  out.put(out.count, events >= 512 ? 1 : 0);
  out.put(out.count, events >= 2048 ? 1 : 0);
  out.put(out.count, ratio(from, from.tagged));
  out.put(out.count, ratio(from, from.selected));
  out.put(out.count, from.tags.keys.length);
  out.put(out.count, bitCount(from.occurrence.family.seen | from.occurrence.family.current));
  out.put(out.count, bitCount(from.occurrence.marker.seen | from.occurrence.marker.current));
}

function writeIntensity(from: FeatureAccumulator, out: FeatureVector): void {
  out.put(out.count, from.intensityMean);
  out.put(out.count, from.intensityMax);
  out.put(out.count, from.events === 0 ? 0 : from.intensityMin);
  out.put(out.count, Math.sqrt(ratio(from, from.intensitySpread)));
  out.put(out.count, ratio(from, from.over5));
  out.put(out.count, ratio(from, from.over6));
  out.put(out.count, ratio(from, from.over7));
}

function writeRatios(from: FeatureAccumulator, out: FeatureVector): void {
  out.put(out.count, ratio(from, from.top1Sum));
  out.put(out.count, from.top1Max);
  out.put(out.count, ratio(from, from.marginSum));
  out.put(out.count, ratio(from, from.explicitAttack));
  out.put(out.count, ratio(from, from.operationalOnly));
  out.put(out.count, ratio(from, from.routineOnly));
  out.put(out.count, ratio(from, from.professional));
  out.put(out.count, ratio(from, from.anchor));
  out.put(out.count, ratio(from, from.sensitive));
}

function writeTail({ tail }: FeatureAccumulator, out: FeatureVector): void {
  out.put(out.count, tail.intensityMean);
  out.put(out.count, tail.intensityMax);
  out.put(out.count, tail.taggedRatio);
  out.put(out.count, tail.markerMean);
}

function writeLongContext(from: FeatureAccumulator, out: FeatureVector): void {
  const context = from.events >= longSession ? log1p(from.events) : 0;
  out.put(out.count, context);
  out.put(out.count, context * ratio(from, from.tagged));
  out.put(out.count, context * ratio(from, from.professional));
  out.put(out.count, context * ratio(from, from.anchor));
  out.put(out.count, context * ratio(from, from.routineOnly));
  out.put(out.count, context * ratio(from, from.operationalOnly));
  out.put(out.count, context * ratio(from, from.explicitAttack));
}

function writeFamilies(base: number, from: FeatureAccumulator, out: FeatureVector): void {
  for (let i = 0; i < from.familyCounts.length; i += 1) {
    const count = from.familyCounts[i] ?? 0;
    if (count === 0) continue;
    const index = base + i * familyWidth;
    out.put(index, log1p(count));
    out.put(index + 1, ratio(from, count));
    out.put(index + 2, ratio(from, from.familyPoints[i] ?? 0));
  }
}

function writeMarkers(base: number, from: FeatureAccumulator, out: FeatureVector): void {
  for (let i = 0; i < from.markerCounts.length; i += 1) {
    const count = from.markerCounts[i] ?? 0;
    if (count === 0) continue;
    const index = base + i * markerWidth;
    out.put(index, log1p(count));
    out.put(index + 1, ratio(from, count));
  }
}

function writePairs(base: number, from: FeatureAccumulator, out: FeatureVector): void {
  const steps = Math.max(from.events - 1, 1);
  const { keys } = from.pairs;
  for (let slot = 0; slot < keys.length; slot += 1) {
    out.put(base + (keys[slot] ?? 0), (from.pairCounts[slot] ?? 0) / steps);
  }
}

function writeTags(base: number, from: FeatureAccumulator, out: FeatureVector): void {
  const { keys } = from.tags;
  for (let slot = 0; slot < keys.length; slot += 1) {
    const count = from.tagCounts[slot] ?? 0;
    const index = base + (keys[slot] ?? 0) * tagWidth;
    out.put(index, log1p(count));
    out.put(index + 1, ratio(from, count));
    out.put(index + 2, (from.tagScoreSums[slot] ?? 0) / count);
    out.put(index + 3, from.tagScoreMaxes[slot] ?? 0);
  }
}

function ratio(from: FeatureAccumulator, sum: number): number {
  return sum / Math.max(from.events, 1);
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

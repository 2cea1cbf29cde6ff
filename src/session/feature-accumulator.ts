import type { Vocabulary } from "../event/vocabulary.ts";
import { type Chains, compileChains, completedChains } from "./chains.ts";
import type { EventStore } from "./event-store.ts";
import type { RunningLogit } from "./running-logit.ts";
import { SlotTable } from "./slot-table.ts";
import { TagProfiles, tagFlags } from "./tag-profiles.ts";
import { TailWindow } from "./tail-window.ts";

/** Everything that features of any segment need from the vocabulary; one for all segments. */
export interface FeatureSpace {
  readonly profiles: TagProfiles;
  readonly chains: Chains;
  /** Copied for each segment, which is faster than filling. */
  readonly zeros: { readonly families: readonly number[]; readonly markers: readonly number[] };
}

/** Compiles a vocabulary once; throws `vocabulary_invalid` when it has too many families or markers. */
export function createFeatureSpace(vocabulary: Vocabulary): FeatureSpace {
  const profiles = new TagProfiles(vocabulary);
  const zeros = { families: profiles.families.map(() => 0), markers: profiles.markers.map(() => 0) };
  return { profiles, chains: compileChains(profiles), zeros };
}

const allFlags = -1;

/** Running counts of one segment, from which all features follow; events are added in event order. */
export class FeatureAccumulator {
  events = 0;
  tagged = 0;
  selected = 0;
  intensityMean = 0;
  /** Sum of squared distances from the mean (Welford), so that equal intensities give a deviation of exactly 0. */
  intensitySpread = 0;
  intensityMax = 0;
  intensityMin = 10;
  over5 = 0;
  over6 = 0;
  over7 = 0;
  top1Sum = 0;
  top1Max = 0;
  marginSum = 0;
  explicitAttack = 0;
  operationalOnly = 0;
  routineOnly = 0;
  professional = 0;
  anchor = 0;
  sensitive = 0;
  /** Bits of the chains seen, by position in the chain list. */
  chainBits = 0;
  readonly occurrence = {
    family: { seen: 0, current: 0 },
    marker: { seen: 0, current: 0 },
    tag: { seen: 0, current: 0 },
  };
  readonly tail = new TailWindow();
  readonly tags = new SlotTable();
  readonly tagCounts: number[] = [];
  readonly tagScoreSums: number[] = [];
  readonly tagScoreMaxes: number[] = [];
  /** Transitions: families as `a × families + b`, markers behind them likewise. */
  readonly pairs = new SlotTable();
  readonly pairCounts: number[] = [];
  readonly familyCounts: number[];
  readonly familyPoints: number[];
  readonly markerCounts: number[];
  /** Kept along when the segment is scored while it runs. */
  readonly logit: RunningLogit | undefined;
  readonly #space: FeatureSpace;

  constructor(space: FeatureSpace, logit?: RunningLogit) {
    this.#space = space;
    this.logit = logit;
    this.familyCounts = space.zeros.families.slice();
    this.familyPoints = space.zeros.families.slice();
    this.markerCounts = space.zeros.markers.slice();
  }

  /** Adds the event at a place of the store. */
  add(store: EventStore, index: number): void {
    const { family, marker, tag } = this.occurrence;
    const previousFamilies = family.current;
    const previousMarkers = marker.current;
    family.seen |= previousFamilies;
    marker.seen |= previousMarkers;
    tag.seen |= tag.current;
    this.events += 1;
    const intensity = this.#addSelected(store, index);
    this.#addIntensity(intensity);
    this.#addTopScores(store, index);
    const tagged = store.selected[index] === 0 ? 0 : 1;
    this.#addFamilies(family.current);
    const markers = this.#addMarkers(marker.current);
    this.tail.add(intensity, tagged, markers);
    const { families, markers: markerNames } = this.#space.profiles;
    this.#addPairs(previousFamilies, family.current, families.length, 0);
    this.#addPairs(previousMarkers, marker.current, markerNames.length, families.length ** 2);
    this.chainBits |= completedChains(this.#space.chains, this.occurrence);
  }

  /** Counts the selected tags and what they stand for; returns the event's intensity. */
  #addSelected(store: EventStore, index: number): number {
    const { profiles, chains } = this.#space;
    const start = index * store.width;
    const end = start + (store.selected[index] ?? 0);
    let intensity = 4;
    let families = 0;
    let markers = 0;
    let chainTags = 0;
    let any = 0;
    let all = allFlags;
    for (let i = start; i < end; i += 1) {
      const tag = store.tags[i] ?? 0;
      const score = store.scores[i] ?? 0;
      const family = profiles.family[tag] ?? 0;
      const points = (profiles.points[tag] ?? 0) * Math.min(1, Math.max(0.35, (score - 0.2) / 0.6));
      intensity += points;
      this.familyPoints[family] = (this.familyPoints[family] ?? 0) + points;
      this.logit?.addFamilyPoints(family, points);
      families |= 1 << family;
      markers |= profiles.markerMask[tag] ?? 0;
      chainTags |= chains.tagBits[tag] ?? 0;
      const flags = profiles.flags[tag] ?? 0;
      any |= flags;
      all &= flags;
      this.#addTag(tag, score);
    }
    this.occurrence.family.current = families;
    this.occurrence.marker.current = markers;
    this.occurrence.tag.current = chainTags;
    this.selected += end - start;
    if (end > start) this.#addFlags(any, all);
    return Math.min(10, Math.max(0, intensity));
  }

  #addTag(tag: number, score: number): void {
    const slot = this.tags.slotOf(tag);
    const count = this.tagCounts[slot] ?? 0;
    const sum = this.tagScoreSums[slot] ?? 0;
    const max = this.tagScoreMaxes[slot] ?? 0;
    this.logit?.addTag(tag, score, count, sum, max);
    this.tagCounts[slot] = count + 1;
    this.tagScoreSums[slot] = sum + score;
    this.tagScoreMaxes[slot] = count === 0 ? score : Math.max(max, score);
  }

  #addFlags(any: number, all: number): void {
    this.tagged += 1;
    if ((any & tagFlags.explicitAttack) !== 0) this.explicitAttack += 1;
    if ((any & tagFlags.professional) !== 0) this.professional += 1;
    if ((any & tagFlags.anchor) !== 0) this.anchor += 1;
    if ((any & tagFlags.sensitive) !== 0) this.sensitive += 1;
    if ((all & tagFlags.routine) !== 0) this.routineOnly += 1;
    if ((all & tagFlags.benignOrOperational) !== 0) this.operationalOnly += 1;
  }

  #addIntensity(intensity: number): void {
    const distance = intensity - this.intensityMean;
    this.intensityMean += distance / this.events;
    this.intensitySpread += distance * (intensity - this.intensityMean);
    this.intensityMax = Math.max(this.intensityMax, intensity);
    this.intensityMin = Math.min(this.intensityMin, intensity);
    if (intensity >= 5) this.over5 += 1;
    if (intensity >= 6) this.over6 += 1;
    if (intensity >= 7) this.over7 += 1;
  }

  #addTopScores(store: EventStore, index: number): void {
    const start = index * store.width;
    const count = store.kept[index] ?? 0;
    const top1 = count > 0 ? (store.scores[start] ?? 0) : 0;
    const top2 = count > 1 ? (store.scores[start + 1] ?? 0) : 0;
    this.top1Sum += top1;
    this.top1Max = Math.max(this.top1Max, top1);
    this.marginSum += Math.max(0, top1 - top2);
  }

  #addFamilies(families: number): void {
    for (let rest = families; rest !== 0; rest &= rest - 1) {
      const family = lowestBit(rest);
      const count = this.familyCounts[family] ?? 0;
      this.logit?.addFamily(family, count);
      this.familyCounts[family] = count + 1;
    }
  }

  /** Returns how many there are. */
  #addMarkers(markers: number): number {
    let found = 0;
    for (let rest = markers; rest !== 0; rest &= rest - 1) {
      const marker = lowestBit(rest);
      const count = this.markerCounts[marker] ?? 0;
      this.logit?.addMarker(marker, count);
      this.markerCounts[marker] = count + 1;
      found += 1;
    }
    return found;
  }

  #addPairs(previous: number, current: number, width: number, base: number): void {
    for (let a = previous; a !== 0; a &= a - 1) {
      const row = base + lowestBit(a) * width;
      for (let b = current; b !== 0; b &= b - 1) {
        const pair = row + lowestBit(b);
        const slot = this.pairs.slotOf(pair);
        this.pairCounts[slot] = (this.pairCounts[slot] ?? 0) + 1;
        this.logit?.addPair(pair);
      }
    }
  }
}

/** Position of the lowest bit that is set. */
function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

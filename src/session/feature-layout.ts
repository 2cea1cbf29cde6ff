import { chainRules } from "./chains.ts";
import type { TagProfiles } from "./tag-profiles.ts";

/** Features every session has, in the order in which they are written. */
const sessionFeatures: readonly string[] = [
  ...["schema_bias", "events", "log_events", "events_ge_32", "events_ge_128", "events_ge_512", "events_ge_2048"],
  ...["tagged_event_ratio", "selected_tags_per_event"],
  ...["unique_tag_count", "unique_family_count", "unique_marker_count"],
  ...["event_intensity_mean", "event_intensity_max", "event_intensity_min", "event_intensity_std"],
  ...["event_intensity_over_5_ratio", "event_intensity_over_6_ratio", "event_intensity_over_7_ratio"],
  ...["top1_score_mean", "top1_score_max", "top_margin_mean"],
  ...["explicit_attack_ratio", "operational_only_ratio", "routine_maintenance_ratio"],
  ...["professional_ratio", "professional_anchor_ratio", "professional_sensitive_ratio"],
  ...["tail16_event_intensity_mean", "tail16_event_intensity_max", "tail16_tagged_ratio", "tail16_marker_mean"],
  ...["long_context", "long_context_tagged_ratio", "long_context_professional_ratio"],
  ...["long_context_professional_anchor_ratio", "long_context_routine_maintenance_ratio"],
  ...["long_context_operational_only_ratio", "long_context_explicit_attack_ratio"],
  ...chainRules.map((rule) => rule.feature),
];

/** Features of one family, one marker, one tag, in the order in which they are written. */
const familyFeatures = ["family_count_log", "family_ratio", "family_points"];
const markerFeatures = ["marker_count_log", "marker_ratio"];
const tagFeatures = ["tag_count_log", "tag_ratio", "tag_score_mean", "tag_score_max"];

/** Where each kind of feature starts. Tags come last, because unknown tags may join them. */
export interface FeatureLayout {
  readonly families: number;
  readonly markers: number;
  readonly pairs: number;
  readonly tags: number;
  readonly nameOf: (index: number) => string;
  /** Undefined for a name that this vocabulary never gives. A tag that it lacks is added to the profiles. */
  readonly indexOf: (name: string) => number | undefined;
}

export const familyWidth = familyFeatures.length;
export const markerWidth = markerFeatures.length;
export const tagWidth = tagFeatures.length;

/** Numbers all features, so that the hot path sees no names. */
export function createFeatureLayout(profiles: TagProfiles): FeatureLayout {
  const names = [
    ...sessionFeatures,
    ...profiles.families.flatMap((family) => familyFeatures.map((feature) => `${feature}::${family}`)),
    ...profiles.markers.flatMap((marker) => markerFeatures.map((feature) => `${feature}::${marker}`)),
    ...pairNames("family_transition", profiles.families),
    ...pairNames("marker_transition", profiles.markers),
  ];
  const indexes = new Map(names.map((name, index) => [name, index]));
  const tags = names.length;
  const families = sessionFeatures.length;
  const markers = families + profiles.families.length * familyWidth;
  return {
    families,
    markers,
    pairs: markers + profiles.markers.length * markerWidth,
    tags,
    nameOf: (index) => names[index] ?? tagFeatureName(profiles, index - tags),
    indexOf: (name) => indexes.get(name) ?? tagFeatureIndex(profiles, tags, name),
  };
}

function pairNames(feature: string, names: readonly string[]): string[] {
  return names.flatMap((a) => names.map((b) => `${feature}::${a}->${b}`));
}

function tagFeatureName(profiles: TagProfiles, offset: number): string {
  return `${tagFeatures[offset % tagWidth]}::${profiles.ids[Math.floor(offset / tagWidth)]}`;
}

function tagFeatureIndex(profiles: TagProfiles, base: number, name: string): number | undefined {
  const [feature = "", tag] = name.split("::");
  const position = tagFeatures.indexOf(feature);
  if (position < 0 || tag === undefined) return undefined;
  return base + profiles.indexOf(tag) * tagWidth + position;
}

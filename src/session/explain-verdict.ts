import type { Contribution, Verdict } from "../event/verdict.ts";

/** What a feature stands for, where its name does not say it well enough. */
const phrases: Readonly<Record<string, string>> = {
  schema_bias: "the model's starting point",
  events: "the number of events",
  log_events: "the number of events",
  events_ge_32: "a length of 32 events or more",
  events_ge_128: "a length of 128 events or more",
  events_ge_512: "a length of 512 events or more",
  events_ge_2048: "a length of 2048 events or more",
  tagged_event_ratio: "the share of events with a clear tag",
  selected_tags_per_event: "the number of tags an event",
  unique_tag_count: "the number of different tags",
  unique_family_count: "the number of different risk families",
  unique_marker_count: "the number of different risk markers",
  event_intensity_mean: "the mean intensity of events",
  event_intensity_max: "the most intense event",
  event_intensity_min: "the least intense event",
  event_intensity_std: "the spread of intensity",
  event_intensity_over_5_ratio: "the share of events of intensity 5 or more",
  event_intensity_over_6_ratio: "the share of events of intensity 6 or more",
  event_intensity_over_7_ratio: "the share of events of intensity 7 or more",
  top1_score_mean: "how sure the labels are on average",
  top1_score_max: "the surest label",
  top_margin_mean: "how clearly the best label leads",
  explicit_attack_ratio: "the share of events that are attacks in themselves",
  operational_only_ratio: "the share of plainly operational events",
  routine_maintenance_ratio: "the share of routine maintenance",
  professional_ratio: "the share of professional operations",
  professional_anchor_ratio: "the share of events typical of professional operations",
  professional_sensitive_ratio: "the share of sensitive professional operations",
  tail16_event_intensity_mean: "the mean intensity of the last 16 events",
  tail16_event_intensity_max: "the most intense of the last 16 events",
  tail16_tagged_ratio: "the share of the last 16 events with a clear tag",
  tail16_marker_mean: "the number of risk markers in the last 16 events",
  chain_marker_identity_and_credential: "identity policy and credential access in one session",
};

/** How features of one name each are put into words. */
const kinds: Readonly<Record<string, (name: string) => string>> = {
  tag_count_log: (tag) => `how often ${words(tag)} occurs`,
  tag_ratio: (tag) => `the share of ${words(tag)}`,
  tag_score_mean: (tag) => `how sure ${words(tag)} is on average`,
  tag_score_max: (tag) => `how sure ${words(tag)} is at best`,
  family_count_log: (family) => `how often the family ${words(family)} occurs`,
  family_ratio: (family) => `the share of the family ${words(family)}`,
  family_points: (family) => `the risk points of the family ${words(family)}`,
  marker_count_log: (marker) => `how often the marker ${words(marker)} occurs`,
  marker_ratio: (marker) => `the share of the marker ${words(marker)}`,
  family_transition: (pair) => `going from the family ${pair.split("->").map(words).join(" to ")}`,
  marker_transition: (pair) => `going from the marker ${pair.split("->").map(words).join(" to ")}`,
};

/**
 * Puts a verdict into sentences for people: what it is, then one sentence for each feature that moved it, in the order
 * of `contributions`.
 */
export function explainVerdict(verdict: Verdict): string[] {
  if (verdict.events === 0) return [`${verdict.id}: withdrawn, its events belong to an earlier segment.`];
  const called = verdict.verdict === "intrusion" ? "an intrusion" : "normal operation";
  const events = verdict.events === 1 ? "1 event" : `${verdict.events} events`;
  const so = verdict.phase === "final" ? "" : " so far";
  const score = `score ${verdict.score.toFixed(2)}, intrusion from ${verdict.threshold.toFixed(2)}`;
  return [`${verdict.id}: ${called}${so}, ${events} (${score}).`, ...verdict.contributions.map(explainContribution)];
}

function explainContribution({ feature, contribution }: Contribution): string {
  const phrase = phraseOf(feature);
  const towards = contribution > 0 ? "intrusion" : "normal operation";
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)} speaks for ${towards} (${signed(contribution)}).`;
}

function phraseOf(feature: string): string {
  const known = phrases[feature];
  if (known !== undefined) return known;
  const [kind = "", name] = feature.split("::");
  const phrase = kinds[kind];
  if (phrase !== undefined && name !== undefined) return phrase(name);
  if (feature.startsWith("long_context")) return longContext(feature);
  const chain = /^chain_(?:marker|family|tag)_(.+)$/.exec(feature)?.[1];
  return words(chain ?? feature);
}

function longContext(feature: string): string {
  const name = feature.slice("long_context_".length);
  const share = phrases[name] ?? phrases[name.replace("tagged_ratio", "tagged_event_ratio")];
  return share === undefined ? "the length of a long session" : `${share}, in a long session`;
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(2)}`;
}

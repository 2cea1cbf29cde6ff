import type { SelectionRule } from "../event/select-tags.ts";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Tag, Vocabulary } from "../event/vocabulary.ts";

/** What a tag says about an event, as bits. */
export const tagFlags = {
  benignOrOperational: 1,
  explicitAttack: 2,
  routine: 4,
  professional: 8,
  anchor: 16,
  sensitive: 32,
} as const;

/** A tag's risk profile; family and markers as positions and bits. */
interface Profile {
  readonly points: number;
  readonly family: number;
  readonly markerMask: number;
  readonly flags: number;
}

const unknownGroup = { points: 0.5, family: "generic" };
/** Tags beyond this many share one index, so hostile input cannot grow the table without end. */
const maxTags = 65_536;
/** Families and markers are bits of a 32-bit integer. */
const maxBits = 31;

/** Risk profiles of all tags in columns, by tag index; built once, read for every event. */
export class TagProfiles {
  /** Names the vocabulary that the indexes belong to. */
  readonly vocabulary: string;
  readonly selection: SelectionRule;
  /** Sorted by name; a family's bit in a mask is `1 << position`. */
  readonly families: readonly string[];
  readonly markers: readonly string[];
  /** Number of tags of the vocabulary; tags from here on are unknown ones. */
  readonly known: number;
  readonly ids: string[] = [];
  readonly points: number[] = [];
  readonly family: number[] = [];
  readonly markerMask: number[] = [];
  readonly flags: number[] = [];
  readonly #indexes = new Map<string, number>();

  /** Throws `vocabulary_invalid` when there are more than 31 families or markers. */
  constructor(vocabulary: Vocabulary) {
    const { selection, groups, tags } = vocabulary;
    this.vocabulary = `${vocabulary.vocabulary}/${vocabulary.revision}/${tags.length}`;
    this.known = tags.length;
    this.selection = {
      minScore: selection.min_score,
      maxTags: selection.max_tags,
      multiLabelGap: selection.multi_label_gap,
    };
    const groupFamilies = Object.values(groups).map((group) => group.family);
    this.families = sortedNames([
      unknownGroup.family,
      ...groupFamilies,
      ...tags.flatMap((tag) => tag.risk?.family ?? []),
    ]);
    this.markers = sortedNames(tags.flatMap((tag) => tag.risk?.markers ?? []));
    for (const tag of tags) this.#add(tag.id, this.#profileOf(tag, groups[tag.group] ?? unknownGroup));
  }

  /** Index of a tag; one that the vocabulary lacks is added with the profile of an unknown group. */
  indexOf(id: string): number {
    const index = this.#indexes.get(id);
    if (index !== undefined) return index;
    if (this.ids.length >= maxTags) return maxTags - 1;
    const family = this.families.indexOf(unknownGroup.family);
    return this.#add(id, { points: unknownGroup.points, family, markerMask: 0, flags: 0 });
  }

  #profileOf(tag: Tag, group: { points: number; family: string }): Profile {
    const { risk } = tag;
    const markers = risk?.markers ?? [];
    const family = risk === undefined ? group.family : (risk.family ?? unknownGroup.family);
    return {
      points: risk === undefined ? group.points : (risk.points ?? 0),
      family: this.families.indexOf(family),
      markerMask: markers.reduce((mask, marker) => mask | (1 << this.markers.indexOf(marker)), 0),
      flags: flagsOf(tag),
    };
  }

  #add(id: string, profile: Profile): number {
    const index = this.ids.push(id) - 1;
    this.#indexes.set(id, index);
    this.points.push(profile.points);
    this.family.push(profile.family);
    this.markerMask.push(profile.markerMask);
    this.flags.push(profile.flags);
    return index;
  }
}

function flagsOf({ risk, routine_maintenance, professional }: Tag): number {
  const routine = routine_maintenance === true && risk?.explicit_attack !== true && (risk?.markers ?? []).length === 0;
  const anchor = professional === "anchor" || professional === "anchor_sensitive";
  const sensitive = professional === "sensitive" || professional === "anchor_sensitive";
  return (
    (risk?.benign === true || risk?.operational === true ? tagFlags.benignOrOperational : 0) |
    (risk?.explicit_attack === true ? tagFlags.explicitAttack : 0) |
    (routine ? tagFlags.routine : 0) |
    (professional === undefined ? 0 : tagFlags.professional) |
    (anchor ? tagFlags.anchor : 0) |
    (sensitive ? tagFlags.sensitive : 0)
  );
}

function sortedNames(names: readonly string[]): string[] {
  const distinct = [...new Set(names)].sort();
  if (distinct.length <= maxBits) return distinct;
  throw new TagsmithError("vocabulary_invalid", `more than ${maxBits} families or markers`, "exit");
}

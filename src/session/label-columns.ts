import type { Label } from "../event/label.ts";
import { countSelected } from "../event/select-tags.ts";
import type { TagProfiles } from "./tag-profiles.ts";

/** Margins are made of the two best labels, so these are kept even when they are not selected. */
const minKept = 2;

/** What sessions read of labels, in columns: of each event the selected tags, at least the two best, best first. */
export class LabelColumns {
  readonly tags: number[] = [];
  readonly scores: number[] = [];
  /** End of each event's labels in `tags` and `scores`; they start where the previous event's end. */
  readonly ends: number[] = [];
  readonly selected: number[] = [];

  get length(): number {
    return this.ends.length;
  }

  /** Appends one event's labels in any order; labels whose score is no number are left out. */
  append(profiles: TagProfiles, labels: readonly Label[]): void {
    const ranked = isRanked(labels) ? labels : rank(labels);
    const selected = countSelected(ranked, profiles.selection);
    const kept = Math.min(ranked.length, Math.max(minKept, selected));
    for (let i = 0; i < kept; i += 1) {
      const label = ranked[i];
      if (label === undefined) break;
      this.tags.push(profiles.indexOf(label.label_id));
      this.scores.push(label.score);
    }
    this.ends.push(this.tags.length);
    this.selected.push(selected);
  }

  /** Appends event `index` of another log. */
  copy(from: LabelColumns, index: number): void {
    for (let i = from.start(index); i < from.end(index); i += 1) {
      this.tags.push(from.tags[i] ?? 0);
      this.scores.push(from.scores[i] ?? 0);
    }
    this.ends.push(this.tags.length);
    this.selected.push(from.selected[index] ?? 0);
  }

  start(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] ?? 0);
  }

  end(index: number): number {
    return this.ends[index] ?? 0;
  }
}

function isRanked(labels: readonly Label[]): boolean {
  let previous = Number.MAX_VALUE;
  for (let i = 0; i < labels.length; i += 1) {
    const score = labels[i]?.score ?? Number.NaN;
    if (!(score <= previous && score >= -Number.MAX_VALUE)) return false;
    previous = score;
  }
  return true;
}

function rank(labels: readonly Label[]): Label[] {
  return labels.filter((label) => Number.isFinite(label.score)).sort((a, b) => b.score - a.score);
}

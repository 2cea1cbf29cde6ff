import type { Label } from "./label.ts";

/** When a label counts as a selected tag. */
export interface SelectionRule {
  readonly minScore: number;
  readonly maxTags: number;
  /** Labels further than this below the best are left out. */
  readonly multiLabelGap: number;
}

/**
 * Number of leading labels that are selected tags. `labels` is ranked, best first, so the selected ones are a prefix:
 * the first label below `minScore`, or further than the gap from the best, ends it.
 */
export function countSelected(labels: readonly Label[], rule: SelectionRule): number {
  const best = labels[0]?.score ?? 0;
  if (best < rule.minScore) return 0;
  const limit = Math.min(labels.length, rule.maxTags);
  let count = 1;
  while (count < limit) {
    const score = labels[count]?.score ?? 0;
    if (score < rule.minScore || best - score > rule.multiLabelGap) break;
    count += 1;
  }
  return count;
}

/** Selected tags, best first (spec: the labels above the selection rule). */
export function selectTags(labels: readonly Label[], rule: SelectionRule): string[] {
  return labels.slice(0, countSelected(labels, rule)).map((label) => label.label_id);
}

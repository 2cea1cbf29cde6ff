import type { Correlation, Rule, Scalar } from "../ast.ts";

/** What a pipeline knows while it transforms one rule or correlation. */
export interface PipelineRun {
  readonly vars: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  /** Set by `set_state`; backends read it too. */
  readonly state: Map<string, unknown>;
  /** Ids of the items that were applied to the rule. */
  readonly applied: Set<string>;
  /** Ids of the items that renamed a field of the rule's field list, by its name now. */
  readonly renamed: Map<string, Set<string>>;
  /** What each field of the rule is called now; the keyword "field" is empty. */
  readonly fields: FieldNames;
  /** Looks up what a correlation refers to. */
  readonly find: (reference: string) => Rule | Correlation | undefined;
  readonly lookup: Lookup;
  /** Names given to added conditions so far. */
  added: number;
}

/** Original field names and what became of them. */
export interface FieldNames {
  /** Names now, by original name. */
  readonly now: Map<string, Set<string>>;
  /** Original names, by name now. */
  readonly from: Map<string, Set<string>>;
}

/** A document a pipeline works on. */
export type Subject = Rule | Correlation;

/** Where the values of placeholders lie outside of the pipeline. */
export type LookupRequest =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "http"; readonly url: string; readonly options: Readonly<Record<string, unknown>> }
  | { readonly kind: "command"; readonly command: readonly string[] | string };

/** Returns the text that holds the values. May throw TransformationFault to refuse. */
export type Lookup = (request: LookupRequest) => string;

/** A rule that a pipeline refuses, or cannot transform. Not a fault of the machinery. */
export class TransformationFault extends Error {}

/** Notes that `source` is now called `targets`, following earlier renames back to the original name. */
export function trackField(names: FieldNames, source: string, targets: readonly string[]): void {
  const originals = names.from.get(source) ?? new Set([source]);
  names.from.delete(source);
  for (const original of originals) {
    const now = names.now.get(original) ?? new Set();
    now.delete(source);
    for (const target of targets) {
      now.add(target);
      const from = names.from.get(target) ?? new Set();
      names.from.set(target, from.add(original));
    }
    names.now.set(original, now);
  }
}

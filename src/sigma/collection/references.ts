import type { SigmaDocument } from "../ast.ts";
import { type Placed, type PlacedFinding, placedFinding } from "./placed.ts";

/** Documents by what others call them. */
export interface References {
  /** The rule or correlation with this id or name. */
  find(reference: string): Placed | undefined;
  /** Ids and names that are taken twice. */
  readonly findings: readonly PlacedFinding[];
}

/** Indexes rules and correlations by id (whatever its case) and name; the first of two keeps it. */
export function createReferences(placed: readonly Placed[]): References {
  const byReference = new Map<string, Placed>();
  const findings: PlacedFinding[] = [];
  for (const one of placed) {
    for (const key of ["id", "name"] as const) {
      const reference = one.document.metadata[key]?.toLowerCase();
      if (reference === undefined || (key === "name" && one.document.kind === "filter")) continue;
      const first = byReference.get(reference);
      if (first === undefined) byReference.set(reference, one);
      else findings.push(taken(one, first.document, key, reference));
    }
  }
  return {
    find: (reference) => {
      const found = byReference.get(reference.toLowerCase());
      return found?.document.kind === "filter" ? undefined : found;
    },
    findings,
  };
}

function taken(one: Placed, first: SigmaDocument, key: string, reference: string): PlacedFinding {
  const message = `The ${key} ${reference} is taken by ${JSON.stringify(first.metadata.title)}.`;
  const hint = key === "id" ? "Write a new random UUID." : "Choose another name.";
  return placedFinding(one, "error", key === "id" ? "id_taken" : "name_taken", message, hint, [key]);
}

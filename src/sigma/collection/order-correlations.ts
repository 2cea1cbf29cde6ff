import type { Correlation } from "../ast.ts";
import { limits } from "../limits.ts";
import { type Placed, type PlacedFinding, placedFinding } from "./placed.ts";
import type { References } from "./references.ts";

/** Puts every correlation behind those it refers to; leaves out those whose references are unknown or go in circles. */
export function orderCorrelations(
  correlations: readonly Placed<Correlation>[],
  references: References,
): { readonly correlations: Correlation[]; readonly findings: PlacedFinding[] } {
  const visit: Visit = { references, states: new Map(), ordered: [], findings: [] };
  for (const correlation of correlations) place(correlation, visit, 1);
  return { correlations: visit.ordered, findings: visit.findings };
}

interface Visit {
  readonly references: References;
  /** `open` while what it refers to is looked at: coming back then is a circle. A number is the length of its chain. */
  readonly states: Map<Correlation, "open" | "refused" | number>;
  readonly ordered: Correlation[];
  readonly findings: PlacedFinding[];
}

/** The longest chain of correlations from this one on, itself counted; undefined when it cannot be used. */
function place(correlation: Placed<Correlation>, visit: Visit, depth: number): number | undefined {
  const { document } = correlation;
  const state = visit.states.get(document);
  if (state !== undefined) return typeof state === "number" ? state : undefined;
  visit.states.set(document, "open");
  const chains = document.rules.map((reference, index) => placeReference(correlation, reference, index, visit, depth));
  const usable = chains.every((chain) => chain !== undefined) && aliasesKnown(correlation, visit);
  const length = 1 + chains.reduce<number>((longest, chain) => Math.max(longest, chain ?? 0), 0);
  visit.states.set(document, usable ? length : "refused");
  if (usable) visit.ordered.push(document);
  return usable ? length : undefined;
}

/** The chain behind a reference: 0 for a rule, undefined when it cannot be used. */
function placeReference(
  from: Placed<Correlation>,
  reference: string,
  index: number,
  visit: Visit,
  depth: number,
): number | undefined {
  const found = visit.references.find(reference);
  const refuse = (code: string, message: string, hint: string): undefined => {
    visit.findings.push(placedFinding(from, "error", code, message, hint, ["correlation", "rules", index]));
  };
  const shown = JSON.stringify(reference);
  if (found === undefined)
    return refuse("correlation_rule_unknown", `No rule here has the id or name ${shown}.`, unknownHint);
  if (!isCorrelation(found)) return 0;
  if (visit.states.get(found.document) === "open")
    return refuse("correlation_cycle", `${shown} refers back to this correlation.`, "Break the circle.");
  const chain = depth < limits.correlationDepth ? place(found, visit, depth + 1) : limits.correlationDepth;
  if (chain === undefined) return refuse("correlation_rule_refused", `${shown} is refused.`, "Correct it first.");
  if (chain < limits.correlationDepth) return chain;
  return refuse(
    "correlation_too_deep",
    `The chain has more than ${limits.correlationDepth} correlations.`,
    "Shorten it.",
  );
}

const unknownHint =
  "Check it together with the files that hold its rules; an id or a name refers to a rule, a title does not.";

function isCorrelation(found: Placed): found is Placed<Correlation> {
  return found.document.kind === "correlation";
}

/** An alias may only speak of rules the correlation refers to. */
function aliasesKnown(correlation: Placed<Correlation>, visit: Visit): boolean {
  const { rules, aliases } = correlation.document;
  const known = new Set(rules.map((reference) => visit.references.find(reference)?.document));
  for (const [alias, fields] of aliases) {
    for (const reference of fields.keys()) {
      if (known.has(visit.references.find(reference)?.document)) continue;
      const message = `The alias ${alias} names ${JSON.stringify(reference)}, which the correlation does not refer to.`;
      const path = ["correlation", "aliases", alias, reference];
      const hint = "Use the same id or name as in rules.";
      visit.findings.push(placedFinding(correlation, "error", "correlation_aliases", message, hint, path));
      return false;
    }
  }
  return true;
}

import type { Correlation } from "../ast.ts";
import type { Referable } from "./resolve-references.ts";

/** Says where a group of a correlation is counted, as a text: correlators that share the groups divide these texts. */
export type PlaceOf = (correlation: Correlation, groupKey: string) => string;

/**
 * Each group has a place of its own, except those of correlations that refer to each other: a firing is an event of another
 * correlation, with another group, so all groups of such a chain are in one place. `targets`: what each correlation refers
 * to; `names` must be the same wherever places are asked for.
 */
export function placesIn(
  correlations: readonly Correlation[],
  targets: readonly (readonly Referable[])[],
  names: ReadonlyMap<Referable, string>,
): PlaceOf {
  const chains = new Map<Correlation, Set<Correlation>>();
  for (const [index, correlation] of correlations.entries()) {
    const inner = (targets[index] ?? []).filter((target) => target.kind === "correlation");
    if (inner.length === 0) continue;
    const chain = new Set([correlation, ...inner].flatMap((each) => [each, ...(chains.get(each) ?? [])]));
    for (const each of chain) chains.set(each, chain);
  }
  const chainNames = new Map(Array.from(chains, ([correlation, chain]) => [correlation, chainName(chain, names)]));
  return (correlation, groupKey) => chainNames.get(correlation) ?? `${names.get(correlation)}\n${groupKey}`;
}

function chainName(chain: Iterable<Correlation>, names: ReadonlyMap<Referable, string>): string {
  return Array.from(chain, (each) => names.get(each) ?? "").sort()[0] ?? "";
}

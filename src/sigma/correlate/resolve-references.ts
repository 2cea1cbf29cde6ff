import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { Correlation, Rule } from "../ast.ts";

/** What a correlation may refer to. */
export type Referable = Rule | Correlation;

/**
 * What each correlation refers to, in the order of `correlation.rules`. Correlations stand behind those they refer to, as
 * `loadCollection` puts them.
 *
 * Throws `sigma_reference_unknown` for a name that nothing before it has.
 */
export function resolveReferences(
  rules: readonly Rule[],
  correlations: readonly Correlation[],
): readonly (readonly Referable[])[] {
  const known = new Map<string, Referable>();
  for (const rule of rules) remember(rule, known);
  return correlations.map((correlation) => {
    const targets = correlation.rules.map((name) => find(name, correlation, known));
    remember(correlation, known);
    return targets;
  });
}

function remember(target: Referable, known: Map<string, Referable>): void {
  for (const name of [target.metadata.id, target.metadata.name]) {
    if (name !== undefined && !known.has(name.toLowerCase())) known.set(name.toLowerCase(), target);
  }
}

function find(name: string, from: Correlation, known: ReadonlyMap<string, Referable>): Referable {
  const target = known.get(name.toLowerCase());
  if (target !== undefined) return target;
  const message = `The correlation "${from.metadata.title}" refers to "${name}", which no rule before it is.`;
  throw new TagsmithError("sigma_reference_unknown", message, "exit");
}

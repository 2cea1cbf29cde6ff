import type { Condition } from "./mapping-schema.ts";

/** Top-level names of which at least one must be there. */
export type KeyClause = ReadonlySet<string>;

/** What a condition implies about top-level names: every clause must be met, or the condition cannot hold. */
export function clausesOf(condition: Condition): KeyClause[] {
  const clauses: KeyClause[] = [];
  if (condition.field !== undefined && condition.exists !== false) clauses.push(new Set([topName(condition.field)]));
  for (const part of condition.all ?? []) clauses.push(...clausesOf(part));
  const either = condition.any === undefined ? undefined : unionClause(condition.any);
  if (either !== undefined) clauses.push(either);
  return clauses;
}

/** The smallest clause of each part, together; none when one part implies nothing. */
function unionClause(parts: readonly Condition[]): KeyClause | undefined {
  const names = new Set<string>();
  for (const part of parts) {
    const smallest = clausesOf(part).reduce<KeyClause | undefined>(smaller, undefined);
    if (smallest === undefined) return undefined;
    for (const name of smallest) names.add(name);
  }
  return names;
}

function smaller(best: KeyClause | undefined, clause: KeyClause): KeyClause {
  return best === undefined || clause.size < best.size ? clause : best;
}

/** The first name of a path. */
export function topName(path: string): string {
  const dot = path.indexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}

import type { Referable } from "./resolve-references.ts";

/** A name for each that outlives a restart: id, name or title, numbered where several share it. */
export function lastingNames<Target extends Referable>(targets: readonly Target[]): ReadonlyMap<Target, string> {
  const taken = new Map<string, number>();
  return new Map(
    targets.map((target) => {
      const { id, name, title } = target.metadata;
      const base = (id ?? name ?? title).replaceAll("\n", " ");
      const number = (taken.get(base) ?? 0) + 1;
      taken.set(base, number);
      return [target, number === 1 ? base : `${base} ${number}`];
    }),
  );
}

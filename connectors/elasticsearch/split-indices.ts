import type { SourceSlice } from "#sdk";
import { lanesOf } from "./lane.ts";
import type { PollConfig } from "./source-config.ts";

/**
 * One slice for each index expression and time field. Expressions that may name the same index stay together, so that no
 * document is in two slices; only aliases of one index under different names cannot be told.
 */
export function splitIndices(config: PollConfig): readonly SourceSlice[] {
  return groupsOf(config.indices).flatMap((indices) =>
    lanesOf(config.time_fields).flatMap(({ field }) => {
      const [name, settings] = [`${indices.join(",")} by ${field}`, { ...config, indices, lane: field }];
      if (config.slices === 1) return [{ name, settings }];
      return Array.from({ length: config.slices }, (_, number) => ({
        name: `${name}, ${number + 1} of ${config.slices}`,
        settings: { ...settings, minutes: { number, of: config.slices } },
      }));
    }),
  );
}

function groupsOf(expressions: readonly string[]): readonly (readonly string[])[] {
  // What an expression takes away may be of any other.
  if (expressions.some((expression) => expression.startsWith("-"))) return [expressions];
  let groups: (readonly string[])[] = [];
  for (const expression of expressions) {
    const meets = (group: readonly string[]): boolean => group.some((other) => mayOverlap(other, expression));
    const joined = groups.filter(meets).flat();
    groups = [...groups.filter((group) => !meets(group)), [...joined, expression]];
  }
  return groups;
}

/** Whether some name fits both patterns, in which `*` stands for anything. */
function mayOverlap(a: string, b: string): boolean {
  const seen = new Set<string>();
  const meets = (i: number, j: number): boolean => {
    if (i === a.length && j === b.length) return true;
    const at = `${i},${j}`;
    if (seen.has(at)) return false;
    seen.add(at);
    const [x, y] = [a[i], b[j]];
    if (x === "*" && (meets(i + 1, j) || (y !== undefined && meets(i, j + 1)))) return true;
    if (y === "*" && (meets(i, j + 1) || (x !== undefined && meets(i + 1, j)))) return true;
    return x !== undefined && x === y && meets(i + 1, j + 1);
  };
  return meets(0, 0);
}

/**
 * Names of the selections that `1 of pattern` stands for, in the order written. Names that start with `_` are only
 * meant by patterns that do.
 */
export function selectionsOf(pattern: string, selections: { keys(): Iterable<string> }): string[] {
  const fits = pattern === "them" ? (): boolean => true : nameMatcher(pattern);
  return [...selections.keys()].filter((name) => (pattern.startsWith("_") || !name.startsWith("_")) && fits(name));
}

/** `*` stands for any characters. Linear: each piece is looked for once, from where the one before it ended. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const [head = "", ...pieces] = pattern.split("*");
  const tail = pieces.pop();
  if (tail === undefined) return (name) => name === pattern;
  return (name) => {
    if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return false;
    let from = head.length;
    for (const piece of pieces) {
      const found = name.indexOf(piece, from);
      if (found < 0) return false;
      from = found + piece.length;
    }
    return from <= name.length - tail.length;
  };
}

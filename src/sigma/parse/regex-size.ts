/** Escapes, classes, counted repeats and single characters of a regular expression. */
const token = /\\p\{[^}]*\}|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]?|\{(\d+)(,(\d*))?\}|[\s\S]/gi;

/**
 * About how many steps a regular expression compiles to. Counted repeats are written out, so `(ab){1000}` is a text of ten
 * characters and a program of thousands of steps.
 */
export function regexSize(text: string): number {
  // Sizes of the groups that are open, each with that of its last atom.
  const open = [{ total: 0, last: 0 }];
  for (const [part, low, comma, high] of text.matchAll(token)) {
    const group = open.at(-1) ?? { total: 0, last: 0 };
    if (low !== undefined) {
      const times = Math.max(1, Number(high || low) + (comma !== undefined && high === "" ? 1 : 0));
      group.total += group.last * (times - 1);
      group.last *= times;
    } else if (part === "(") open.push({ total: 1, last: 0 });
    else if (part === ")" && open.length > 1) {
      open.pop();
      const outer = open.at(-1) ?? group;
      outer.last = group.total;
      outer.total += group.total;
    } else {
      group.total += 1;
      // The marks *, + and ? belong to the atom before them.
      group.last = part === "*" || part === "+" || part === "?" ? group.last + 1 : 1;
    }
  }
  return open.reduce((size, { total }) => size + total, 0);
}

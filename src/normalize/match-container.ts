/**
 * Whether the name of an index, stream or file fits any of the patterns, in which `*` stands for any characters. A
 * remote cluster's name (`prod:`) and the prefix of a data stream's backing indices (`.ds-`) may be left out of a
 * pattern. Linear in the name's length.
 */
export function compileContainers(patterns: readonly string[]): (container: string) => boolean {
  const tests = patterns.map(compileGlob);
  return (container) => {
    const plain = container.replace(/^[^:]{0,255}:/, "").replace(/^\.ds-/, "");
    return tests.some((fits) => fits(container) || (plain !== container && fits(plain)));
  };
}

/** Between its ends, each part of the pattern is looked for behind the one before: the leftmost find is always right. */
function compileGlob(pattern: string): (text: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - last.length;
  };
}

/** Place of the quote that closes the one a text starts with; -1 when it does not close. */
export function closingQuote(text: string): number {
  if (text.startsWith('"')) {
    for (let index = 1; index < text.length; index += 1) {
      const char = text.charCodeAt(index);
      if (char === 0x22) return index;
      if (char === 0x5c) index += 1;
    }
    return -1;
  }
  for (let index = text.indexOf("'", 1); index >= 0; index = text.indexOf("'", index + 2)) {
    if (text.charCodeAt(index + 1) !== 0x27) return index;
  }
  return -1;
}

/** The text in a pair of quotes; undefined for escapes that only the full reader knows. */
export function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("'")) return inner.includes("''") ? inner.replaceAll("''", "'") : inner;
  if (!inner.includes("\\")) return inner;
  let known = true;
  const text = inner.replace(/\\([\s\S]?)/g, (_all, char: string) => {
    const value = escapes.get(char);
    if (value === undefined) known = false;
    return value ?? "";
  });
  return known ? text : undefined;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ['"', '"'],
  ["/", "/"],
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["0", "\0"],
]);

/** Where a text stops being JSON, and what would have been right there. */
export interface JsonError {
  /** Index of the first character that cannot be there; the length when the text ends too early. */
  readonly at: number;
  readonly expected: string;
}

const space = /[ \t\r\n]*/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;

/**
 * Finds the first error of a text that `JSON.parse` refused, whose own message often carries no position.
 * Walks the grammar without recursion: hostile depth is only a longer stack.
 */
export function locateJsonError(text: string): JsonError {
  const closers: string[] = [];
  let want: "value" | "key" | "first_key" | "first_item" | "after" = "value";
  let at = 0;
  for (;;) {
    at = skip(space, text, at);
    const char = text[at];
    if (want === "after") {
      const closer = closers.at(-1);
      if (closer === undefined) return { at, expected: "the end" };
      if (char === closer) closers.pop();
      else if (char === ",") want = closer === "}" ? "key" : "value";
      else return { at, expected: `',' or '${closer}'` };
      at += 1;
    } else if ((want === "first_key" && char === "}") || (want === "first_item" && char === "]")) {
      closers.pop();
      want = "after";
      at += 1;
    } else if (want === "key" || want === "first_key") {
      if (char !== '"') return { at, expected: want === "key" ? "a property name" : "a property name or '}'" };
      const end = skipString(text, at);
      if (text[end] !== '"') return { at: end, expected: "the end of the string" };
      at = skip(space, text, end + 1);
      if (text[at] !== ":") return { at, expected: "':'" };
      want = "value";
      at += 1;
    } else if (char === "{" || char === "[") {
      closers.push(char === "{" ? "}" : "]");
      want = char === "{" ? "first_key" : "first_item";
      at += 1;
    } else {
      const end = char === '"' ? skipString(text, at) : skip(scalar, text, at);
      if (char === '"' && text[end] !== '"') return { at: end, expected: "the end of the string" };
      if (end === at) return { at, expected: "a value" };
      want = "after";
      at = char === '"' ? end + 1 : end;
    }
  }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

const escapable = '"\\/bfnrtu';

/** Index of the closing quote, or of the first character that cannot stand in a string. */
function skipString(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"' || char === "\n") return at;
    if (char !== "\\") continue;
    at += 1;
    if (!escapable.includes(text[at] ?? " ")) return at;
    if (text[at] === "u" && !/^[\da-f]{4}$/i.test(text.slice(at + 1, at + 5))) return at;
  }
  return at;
}

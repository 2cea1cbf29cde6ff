import type { Placeholder, StringPart, StringValue, Wildcard } from "../ast.ts";

/** `*` */
export const anyChars: Wildcard = Object.freeze({ kind: "any" });
/** `?` */
const oneChar: Wildcard = Object.freeze({ kind: "one" });

const backslash = 0x5c;
const star = 0x2a;
const question = 0x3f;

/**
 * Reads the wildcards of a written value. `*` and `?` are wildcards, `\*`, `\?` and `\\` the characters themselves;
 * before any other character, and at the end, a backslash is a backslash.
 */
export function parsePattern(text: string): readonly StringPart[] {
  if (!/[*?\\]/.test(text)) return text === "" ? [] : [text];
  const parts: StringPart[] = [];
  let literal = "";
  let from = 0;
  const flush = (to: number): void => {
    literal += text.slice(from, to);
    if (literal !== "") parts.push(literal);
    literal = "";
  };
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === backslash) {
      const next = text.charCodeAt(index + 1);
      if (next !== star && next !== question && next !== backslash) continue;
      literal += text.slice(from, index);
      from = index + 1;
      index += 1;
    } else if (char === star || char === question) {
      flush(index);
      parts.push(char === star ? anyChars : oneChar);
      from = index + 1;
    }
  }
  flush(text.length);
  return parts;
}

/** Joins neighbouring texts and drops empty ones. */
export function joinParts(parts: readonly StringPart[]): readonly StringPart[] {
  const joined: StringPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part !== "string") joined.push(part);
    else if (typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== "") joined.push(part);
  }
  return joined;
}

/** The text of a string without wildcards and placeholders, or undefined when it has some. */
export function literalText(value: StringValue): string | undefined {
  const [first, ...rest] = value.parts;
  if (first === undefined) return "";
  return rest.length === 0 && typeof first === "string" ? first : undefined;
}

/** As a rule writes it: wildcards and the backslashes that need it escaped, placeholders as `%name%`. */
export function writePattern(parts: readonly StringPart[]): string {
  return parts
    .map((part, index) => {
      if (typeof part !== "string") return part.kind === "any" ? "*" : part.kind === "one" ? "?" : `%${part.name}%`;
      const next = parts[index + 1];
      const beforeWildcard = next !== undefined && typeof next !== "string" && next.kind !== "placeholder";
      const escaped = part.replace(/\\(?=[\\*?])|[*?]/g, "\\$&");
      return beforeWildcard && part.endsWith("\\") ? `${escaped}\\` : escaped;
    })
    .join("");
}

/**
 * Turns `%name%` into placeholders. A name is not empty and has no backslash; another `%` is text, and so is a
 * backslash before a placeholder.
 */
export function insertPlaceholders<Part>(parts: readonly (Part | string)[]): (Part | string | Placeholder)[] {
  return parts.flatMap((part): (Part | string | Placeholder)[] =>
    typeof part === "string" ? splitPlaceholders(part) : [part],
  );
}

function splitPlaceholders(text: string): (string | Placeholder)[] {
  const parts: (string | Placeholder)[] = [];
  let from = 0;
  for (let start = text.indexOf("%"); start >= 0; ) {
    const end = text.indexOf("%", start + 1);
    if (end < 0) break;
    const name = text.slice(start + 1, end);
    if (name === "" || name.includes("\\")) {
      start = end;
      continue;
    }
    if (start > from) parts.push(text.slice(from, start));
    parts.push({ kind: "placeholder", name });
    from = end + 1;
    start = text.indexOf("%", from);
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

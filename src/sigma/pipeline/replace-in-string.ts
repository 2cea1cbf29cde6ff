import type { StringPart, StringValue } from "../ast.ts";
import { insertPlaceholders, joinParts, parsePattern, writePattern } from "../parse/string-pattern.ts";
import { type Pattern, replaceAll } from "./pattern.ts";

interface ReplaceOptions {
  /** Only within texts; wildcards and placeholders are left alone. */
  readonly skipSpecial: boolean;
  /** With `skipSpecial`: wildcards in the result count. */
  readonly interpretSpecial: boolean;
}

/**
 * Replaces matches in a string. The pattern sees the string as it is written, wildcards included and literal ones
 * escaped; what no match touches stays as it is, so that a backslash before a wildcard does not become an escape.
 */
export function replaceInString(
  value: StringValue,
  pattern: Pattern,
  replacement: string,
  { skipSpecial, interpretSpecial }: ReplaceOptions,
): StringValue {
  if (!skipSpecial) return { ...value, parts: replaceWritten(value.parts, pattern, replacement) };
  const parts = value.parts.flatMap((part): readonly StringPart[] => {
    if (typeof part !== "string") return [part];
    const replaced = replaceAll(pattern, part, replacement);
    return interpretSpecial ? parsePattern(replaced) : [replaced];
  });
  return { ...value, parts: joinParts(parts) };
}

/** A part, one character of text or something special, and where it is written. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly part: StringPart;
}

const endSpan: Span = { start: Number.POSITIVE_INFINITY, end: Number.POSITIVE_INFINITY, part: "" };

function replaceWritten(parts: readonly StringPart[], pattern: Pattern, replacement: string): readonly StringPart[] {
  const { written, spans } = writeSpans(parts);
  const matches = pattern.all(written);
  if (matches.length === 0) return parts;
  const placeholders = parts.some((part) => typeof part === "object" && part.kind === "placeholder");
  const result: StringPart[] = [];
  let pending = "";
  const flush = (): void => {
    if (pending !== "") result.push(...parseWritten(pending, placeholders));
    pending = "";
  };
  let next = 0;
  const keep = (from: number, to: number): void => {
    for (; next < spans.length; next += 1) {
      const { start, end, part } = spans[next] ?? endSpan;
      if (start >= to) return;
      if (end <= from) continue;
      if (start >= from && end <= to) {
        flush();
        result.push(part);
      } else pending += written.slice(Math.max(start, from), Math.min(end, to));
      // A part that reaches beyond is looked at again behind the match.
      if (end > to) return;
    }
  };
  let position = 0;
  for (const match of matches) {
    keep(position, match.start);
    pending += match.expand(replacement);
    position = match.end;
  }
  keep(position, written.length);
  flush();
  return joinParts(result);
}

function writeSpans(parts: readonly StringPart[]): { readonly written: string; readonly spans: readonly Span[] } {
  const spans: Span[] = [];
  let written = "";
  for (const part of parts.flatMap((one): readonly StringPart[] => (typeof one === "string" ? [...one] : [one]))) {
    const text = part === "*" || part === "?" ? `\\${part}` : typeof part === "string" ? part : writePattern([part]);
    spans.push({ start: written.length, end: written.length + text.length, part });
    written += text;
  }
  return { written, spans };
}

/** In replaced text a backslash is one, unless a wildcard follows. */
function parseWritten(text: string, placeholders: boolean): readonly StringPart[] {
  const parts = parsePattern(text.replace(/\\(?![*?])/g, "\\\\"));
  return placeholders ? insertPlaceholders(parts) : parts;
}

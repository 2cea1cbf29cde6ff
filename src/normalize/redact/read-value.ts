import type { RedactionRules } from "./redaction-rules.ts";
import type { Span } from "./span.ts";

/** Reads the value that stands at a place of a text; undefined when it is empty or no secret. */
export type ValueReader = (text: string, from: number) => Span | undefined;

const word = /[^\s"'`&;|<>]*/y;
/** No plain word or reference is longer. */
const maxHeadChars = 64;

/**
 * A value is what stands between quotes, or runs up to white space, a quote, or `& ; | < >`. A comma ends it only where
 * another `name=` follows. References (`$TOKEN`, a path) and plain words (`true`) are no secrets.
 */
export function compileValueReader(rules: RedactionRules): ValueReader {
  const plain = new Set(rules.plain_values);
  const isSecret = (text: string, from: number): boolean => {
    const head = text.slice(from, from + maxHeadChars);
    if (rules.references.some((start) => head.startsWith(start))) return false;
    const value = /^[^\s"'`&;|<>,\\]*/.exec(head)?.[0] ?? "";
    return value !== "" && !plain.has(value.toLowerCase());
  };
  return (text, start) => {
    const { from, quote } = skipQuote(text, start);
    // Asked before the end is looked for, so that only what is found costs its length.
    if (!isSecret(text, from)) return undefined;
    return { from, to: quote === "" ? endOfWord(text, from) : endOfQuoted(text, from, quote) };
  };
}

/** A quote may be escaped, as in JSON within a string. */
function skipQuote(text: string, start: number): { readonly from: number; readonly quote: string } {
  const at = text.charAt(start) === "\\" ? start + 1 : start;
  const char = text.charAt(at);
  return char === '"' || char === "'" ? { from: at + 1, quote: text.slice(start, at + 1) } : { from: start, quote: "" };
}

/** Looks no further than a secret can be long: a quote that is never closed must not cost the whole text each time. */
const maxQuotedChars = 4096;

function endOfQuoted(text: string, from: number, quote: string): number {
  const end = text.slice(from, from + maxQuotedChars).indexOf(quote);
  return end < 0 ? endOfWord(text, from) : from + end;
}

function endOfWord(text: string, from: number): number {
  word.lastIndex = from;
  const value = word.exec(text)?.[0] ?? "";
  const next = value.slice(0, maxQuotedChars).search(/,[A-Za-z_][\w.-]{0,40}=/);
  return from + (next < 0 ? value.length : next);
}

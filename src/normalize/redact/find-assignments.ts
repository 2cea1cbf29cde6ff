import type { ValueReader } from "./read-value.ts";
import type { RedactionRules } from "./redaction-rules.ts";
import { anyOf, forEachMatch, type SpanFinder } from "./span.ts";

const maxNameChars = 80;
const isNameChar = /[\w.-]/;

/**
 * Values of names that name a secret: `NAME=value`, `NAME: value`, `"NAME":"value"`, `--name value`. A name counts when
 * it ends in one of the words, `-`, `_` and `.` left out, and is none of the exceptions.
 */
export function compileAssignments(rules: RedactionRules, readValue: ValueReader): SpanFinder {
  // A word may be written with separators in it: api_key, api-key.
  const spelled = rules.words.map((word) => [...word].join("[-_.]?"));
  const ends = new RegExp(`(?:${spelled.sort((a, b) => b.length - a.length).join("|")})(?![\\w.-])`, "gi");
  const exceptInFull = new Set(rules.except_in_full);
  const isSecretName = (name: string): boolean => {
    const plain = plainName(name);
    return !exceptInFull.has(name) && !rules.except.some((end) => plain.endsWith(end));
  };
  const schemes = new RegExp(`(?:${anyOf(rules.schemes)})\\s+`, "iy");
  return (text, found) => {
    let done = 0;
    forEachMatch(ends, text, (match) => {
      if (match.index < done) return;
      const end = match.index + match[0].length;
      const start = startOfName(text, match.index);
      const name = text.slice(start, end).replace(/^-+/, "");
      if (!isSecretName(name)) return;
      const valueAt = startOfValue(text, start, end);
      if (valueAt === undefined) return;
      const isHeader = /authorization$/i.test(name);
      const value = readValue(text, isHeader ? afterScheme(text, valueAt, schemes) : valueAt);
      if (value === undefined) return;
      found.push(value);
      done = value.to;
    });
  };
}

/** Names that must be as they are, with values of a length: `sig=…` in a link. */
export function compileFullNames(rules: RedactionRules, readValue: ValueReader): SpanFinder {
  if (rules.full_names.length === 0) return () => undefined;
  const minOf = new Map(rules.full_names.map(({ name, min }) => [name, min]));
  const names = new RegExp(`(?<![\\w.-])(${anyOf([...minOf.keys()])})=`, "gi");
  return (text, found) => {
    let done = 0;
    forEachMatch(names, text, (match) => {
      if (match.index < done) return;
      const value = readValue(text, match.index + match[0].length);
      const min = minOf.get(match[1]?.toLowerCase() ?? "") ?? 0;
      if (value === undefined) return;
      done = value.to;
      if (value.to - value.from >= min) found.push(value);
    });
  };
}

/** Passwords in quotes behind certain words: `IDENTIFIED BY '…'`. */
export function compilePhrases(rules: RedactionRules, readValue: ValueReader): SpanFinder {
  if (rules.phrases.length === 0) return () => undefined;
  const phrases = new RegExp(`(?:${anyOf(rules.phrases)})\\s{1,3}(?=\\\\?["'])`, "gi");
  return (text, found) => {
    forEachMatch(phrases, text, (match) => {
      const value = readValue(text, match.index + match[0].length);
      if (value !== undefined) found.push(value);
    });
  };
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, "");
}

function startOfName(text: string, from: number): number {
  let at = from;
  while (at > 0 && from - at < maxNameChars && isNameChar.test(text.charAt(at - 1))) at -= 1;
  return at;
}

/**
 * Behind `=`; behind `:` and a space or quote, or right behind that of a header; in `<name>`; or, for an option, behind
 * a space or in the next string of a list, where what follows is no option. A quote may close the name first, escaped or not.
 */
function startOfValue(text: string, start: number, end: number): number | undefined {
  const at = end + (/^\\?["']/.exec(text.slice(end, end + 2))?.[0].length ?? 0);
  const before = text.charAt(start - 1);
  switch (text.charAt(at)) {
    case "=":
      return text.charAt(at + 1) === "=" ? undefined : at + 1;
    case ":":
      return behindColon(text, at + 1) ?? (/[A-Z]/.test(text.charAt(start)) ? at + 1 : undefined);
    case ">":
      return before === "<" ? at + 1 : undefined;
    case ",":
      return at > end && text.charAt(start) === "-" && isQuoteAt(text, at + 1) ? at + 1 : undefined;
    case " ":
      return text.charAt(start) === "-" && /^[\s"']?$/.test(before) && text.charAt(at + 1) !== "-" ? at + 1 : undefined;
    default:
      return undefined;
  }
}

function isQuoteAt(text: string, at: number): boolean {
  return /^\\?["']/.test(text.slice(at, at + 2));
}

function behindColon(text: string, from: number): number | undefined {
  const next = text.charAt(from);
  if (next === " " || next === "\t") return from + 1 + (text.charAt(from + 1) === " " ? 1 : 0);
  return next === '"' || next === "'" || next === "\\" ? from : undefined;
}

function afterScheme(text: string, from: number, schemes: RegExp): number {
  schemes.lastIndex = from;
  return from + (schemes.exec(text)?.[0].length ?? 0);
}

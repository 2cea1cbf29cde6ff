import { TagsmithError } from "../../event/tagsmith-error.ts";
import type { StringPart, StringValue } from "../ast.ts";
import { foldCase } from "./scalar.ts";

/** A pattern ready to compare: texts folded unless cased. */
export interface TextPattern {
  readonly cased: boolean;
  readonly parts: readonly PatternPart[];
}

/** Literal text, any characters, or exactly one character. */
export type PatternPart = string | typeof anyRun | typeof oneChar;

export const anyRun = 0;
const oneChar = 1;

/** Prepares a string value; `around` puts `*` on both sides, as keywords mean. Throws `sigma_unmatchable` on a placeholder. */
export function textPattern(value: StringValue, around = false): TextPattern {
  const parts = value.parts.map((part) => patternPart(part, value.cased));
  return { cased: value.cased, parts: tidy(around ? [anyRun, ...parts, anyRun] : parts) };
}

function patternPart(part: StringPart, cased: boolean): PatternPart {
  if (typeof part === "string") return cased ? part : foldCase(part);
  if (part.kind === "placeholder") {
    throw new TagsmithError("sigma_unmatchable", `The placeholder %${part.name}% is not filled by a pipeline.`, "exit");
  }
  return part.kind === "any" ? anyRun : oneChar;
}

function tidy(parts: readonly PatternPart[]): PatternPart[] {
  return parts.filter((part, index) => part !== anyRun || parts[index - 1] !== anyRun);
}

/** Whether a pattern covers a whole text. Takes time in the order of text times pattern at worst. */
export function matchesText(pattern: TextPattern, text: string): boolean {
  return matchesFolded(pattern.parts, pattern.cased ? text : foldCase(text));
}

/** `matchesText` on text that is folded already, or for a cased pattern. */
export function matchesFolded(parts: readonly PatternPart[], text: string): boolean {
  let part = 0;
  let at = 0;
  let retryPart = -1;
  let retryAt = 0;
  for (;;) {
    const next = parts[part];
    if (next === anyRun) {
      part += 1;
      if (part === parts.length) return true;
      retryPart = part;
      retryAt = at;
      continue;
    }
    const end = next === undefined ? (at === text.length ? at : -1) : partEnd(next, text, at);
    if (end >= 0 && next === undefined) return true;
    if (end >= 0) {
      part += 1;
      at = end;
      continue;
    }
    if (retryPart < 0) return false;
    retryAt = nextStart(parts, retryPart, text, retryAt);
    if (retryAt < 0) return false;
    part = retryPart;
    at = retryAt;
  }
}

/** Where `part` ends when it starts at `at`, or -1. */
function partEnd(part: string | typeof oneChar, text: string, at: number): number {
  if (typeof part === "string") return text.startsWith(part, at) ? at + part.length : -1;
  if (at >= text.length) return -1;
  return at + charLength(text, at);
}

/** Characters are code points: a surrogate pair is one. */
function charLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xff_ff ? 2 : 1;
}

/** The next place after `from` where the part after a `*` may start; jumps to its text where it has one. */
function nextStart(parts: readonly PatternPart[], part: number, text: string, from: number): number {
  if (from >= text.length) return -1;
  const first = parts[part];
  const start = from + charLength(text, from);
  if (typeof first !== "string") return start;
  if (part === parts.length - 1) {
    const last = text.length - first.length;
    return last >= start ? last : -1;
  }
  return text.indexOf(first, start);
}

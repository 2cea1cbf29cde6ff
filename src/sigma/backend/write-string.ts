import type { RegexValue, StringPart, StringValue } from "../ast.ts";
import { notConvertible } from "./not-convertible.ts";

/** How a language writes text and wildcards inside a string. */
export interface StringStyle {
  readonly escape: string;
  /** Characters that get the escape in front. */
  readonly escaped: string;
  readonly any: string;
  readonly one: string;
  /** Characters left out. */
  readonly dropped?: string;
}

/** Writes the parts of a string; refuses unfilled placeholders. */
export function writeParts(parts: readonly StringPart[], style: StringStyle): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return writeText(part, style);
      if (part.kind === "placeholder") throw placeholderError(part.name);
      return part.kind === "any" ? style.any : style.one;
    })
    .join("");
}

function writeText(text: string, style: StringStyle): string {
  let written = "";
  for (const char of text) {
    if (style.dropped?.includes(char)) continue;
    written += style.escaped.includes(char) ? style.escape + char : char;
  }
  return written;
}

export function placeholderError(name: string): Error {
  return notConvertible(`The placeholder %${name}% is not filled by a pipeline.`);
}

/** Whether a string has wildcards. */
export function hasWildcard(parts: readonly StringPart[]): boolean {
  return parts.some((part) => typeof part !== "string" && part.kind !== "placeholder");
}

/** Where the only wildcards of a string are `*` at its ends. */
export type Anchoring =
  | { readonly kind: "start" | "end" | "inside"; readonly parts: readonly StringPart[] }
  | { readonly kind: "other" };

/** Tells `text*`, `*text` and `*text*` from other patterns. */
export function anchoring(value: StringValue): Anchoring {
  const { parts } = value;
  const opens = isAny(parts[0]);
  const closes = isAny(parts.at(-1));
  if (closes && !hasWildcard(parts.slice(0, -1))) return { kind: "start", parts: parts.slice(0, -1) };
  if (opens && !hasWildcard(parts.slice(1))) return { kind: "end", parts: parts.slice(1) };
  if (opens && closes && !hasWildcard(parts.slice(1, -1))) return { kind: "inside", parts: parts.slice(1, -1) };
  return { kind: "other" };
}

function isAny(part: StringPart | undefined): boolean {
  return typeof part === "object" && part.kind === "any";
}

/** The text of a regex, flags in front as `(?i)`; refuses unfilled placeholders. */
export function regexText(value: RegexValue, quote: (text: string) => string): string {
  const source = value.parts
    .map((part) => {
      if (typeof part !== "string") throw placeholderError(part.name);
      return part;
    })
    .join("");
  const flags = [...value.flags].sort().join("");
  return (flags === "" ? "" : `(?${flags})`) + quote(source);
}

import type { StringPart, StringValue } from "../ast.ts";

/** The literal texts of a string. */
export function textsOf(value: StringValue): readonly string[] {
  return value.parts.filter((part: StringPart): part is string => typeof part === "string");
}

/** Whether case makes no difference to a string. */
export function isCaseless(value: StringValue): boolean {
  return value.cased || textsOf(value).every((text) => text.toLowerCase() === text.toUpperCase());
}

/** Whether a string has letters beyond ASCII that have two cases; engines that ignore case do so in ASCII only. */
export function hasWideCase(value: StringValue): boolean {
  if (value.cased) return false;
  return textsOf(value).some(
    (text) => /[^\p{ASCII}]/u.test(text) && beyondAscii(text).toLowerCase() !== beyondAscii(text).toUpperCase(),
  );
}

function beyondAscii(text: string): string {
  return text.replaceAll(/\p{ASCII}/gu, "");
}

/** Whether a text holds characters that languages without escapes read as wildcards. */
export function hasLiteralWildcard(value: StringValue): boolean {
  return textsOf(value).some((text) => /[*?]/.test(text));
}

/** The text of a string without wildcards, or undefined. */
export function plainText(value: StringValue): string | undefined {
  return value.parts.every((part) => typeof part === "string") ? textsOf(value).join("") : undefined;
}

/** Whether a string asks for a whole text, or for its beginning. */
export function isWholeOrBeginning({ parts }: StringValue): boolean {
  const wild = parts.findIndex((part) => typeof part === "object");
  const first = parts[wild];
  return wild === -1 || (wild === parts.length - 1 && typeof first === "object" && first.kind === "any");
}

/** Folded as indexes with a lowercase normalizer hold it. */
export function lowered(value: StringValue): StringValue {
  return { ...value, parts: value.parts.map((part) => (typeof part === "string" ? part.toLowerCase() : part)) };
}

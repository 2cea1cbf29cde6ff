import { RE2JS } from "re2js";
import type { Placeholder, RegexFlag, RegexValue } from "../ast.ts";
import { limits } from "../limits.ts";
import type { Budget } from "../problem.ts";
import { regexSize } from "./regex-size.ts";

type RegexParts = RegexValue["parts"];

/** Opens a regular expression at the front, the back or both: `.*`, unless it is open or anchored there already. */
export function openRegex(value: RegexValue, front: boolean, back: boolean): RegexValue {
  let parts: RegexParts = hasTopLevelAlternative(textOf(value.parts)) ? ["(?:", ...value.parts, ")"] : value.parts;
  const text = textOf(parts);
  if (front && !text.startsWith(".*") && !text.startsWith("^")) parts = [".*", ...parts];
  if (back && !endsUnescaped(text, ".*") && !endsUnescaped(text, "$")) parts = [...parts, ".*"];
  return { ...value, parts: joinRegexParts(parts) };
}

/** Why a regular expression cannot be used, or undefined. One with unfilled placeholders is not looked at. */
export function regexFault(value: RegexValue, budget: Budget): string | undefined {
  const text = textOf(value.parts);
  if (text.length > limits.regexChars) return `it has more than ${limits.regexChars} characters`;
  const size = regexSize(text);
  if (size > limits.regexSteps) return "its repeats make it too large";
  budget.regexSteps -= size;
  if (budget.regexSteps < 0) return "all those of the file together are too large";
  if (value.parts.some((part) => typeof part !== "string")) return undefined;
  try {
    RE2JS.compile(text, flagBits(value.flags));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
  }
}

function flagBits(flags: ReadonlySet<RegexFlag>): number {
  return (
    (flags.has("i") ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.has("m") ? RE2JS.MULTILINE : 0) |
    (flags.has("s") ? RE2JS.DOTALL : 0)
  );
}

function textOf(parts: RegexParts): string {
  return parts.map((part) => (typeof part === "string" ? part : `%${part.name}%`)).join("");
}

/** Joins neighbouring texts. */
export function joinRegexParts(parts: RegexParts): RegexParts {
  const joined: (string | Placeholder)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== "") joined.push(part);
  }
  return joined;
}

function endsUnescaped(text: string, suffix: string): boolean {
  if (!text.endsWith(suffix)) return false;
  const backslashes = text.slice(0, text.length - suffix.length).match(/\\*$/)?.[0].length ?? 0;
  return backslashes % 2 === 0;
}

/** A `|` outside of groups and classes. */
function hasTopLevelAlternative(text: string): boolean {
  // Escaped characters, whole classes and everything else, one by one; depth counts the open groups.
  let depth = 0;
  for (const [token] of text.matchAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]?|[\s\S]/g)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (token === "|" && depth === 0) return true;
  }
  return false;
}

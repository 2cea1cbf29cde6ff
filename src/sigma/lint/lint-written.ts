import type { Item, Scalar } from "../ast.ts";
import { parsePattern } from "../parse/string-pattern.ts";
import type { PathKey } from "../problem.ts";
import type { LintFinding } from "./lint-document.ts";
import { found, info, warning } from "./notes.ts";

const checks = {
  doubled: warning("wildcard_doubled", "One * stands for any number of characters."),
  control: warning("control_character", 'Write the value in plain or single quotes: "\\t" in double quotes is a tab.'),
  contains: info("wildcards_for_contains", "Write field|contains and the text."),
  startswith: info("wildcard_for_startswith", "Write field|startswith and the text."),
  endswith: info("wildcard_for_endswith", "Write field|endswith and the text."),
  number: info("number_as_text", "Leave the quotes out if the field holds numbers."),
  anything: warning("wildcard_alone", "Write field|exists: true, or |re: .+ for a value that is not empty."),
  escaped: info("wildcard_escaped", "It is compared as the character itself; leave the backslash out for a wildcard."),
  slashes: info("regex_anything", "Leave .* out at the ends: a regular expression is searched anywhere."),
};

/** A value as written: wildcards where a modifier says it better, characters that are not meant. */
export function lintWritten(item: Item, value: Scalar, path: readonly PathKey[]): LintFinding[] {
  if (typeof value !== "string") return [];
  const own = item.modifiers.filter((name) => name !== "all" && name !== "neq");
  if (own[0] === "re") return lintRegex(value, own, path);
  if (own.some((name) => name === "cidr" || name === "fieldref")) return [];
  const numeric = item.kind === "field" && own.length === 0 && /^-?(?:0|[1-9]\d{0,14})$/.test(value);
  return [
    ...found(/[^\P{Cc}\n\r]/u.test(value), checks.control, "The value has a control character.", path),
    ...found(numeric, checks.number, `The number ${value} is in quotes.`, path),
    ...lintWildcards(item, value, own, path),
  ];
}

function lintRegex(value: string, own: readonly string[], path: readonly PathKey[]): LintFinding[] {
  const open = own.length === 1 && value.length > 4 && value.startsWith(".*") && /(?<!\\)\.\*$/.test(value);
  return found(open, checks.slashes, "The regular expression is open at both ends.", path);
}

function lintWildcards(item: Item, value: string, own: readonly string[], path: readonly PathKey[]): LintFinding[] {
  const parts = parsePattern(value);
  const inner = parts.slice(1, -1);
  const star = (index: number): boolean => {
    const part = parts.at(index);
    return typeof part === "object" && part.kind === "any";
  };
  const literalInside = inner.every((part) => typeof part === "string");
  const plain = item.kind === "field" && (own.length === 0 || own.every((name) => name === "cased"));
  const doubled = parts.some((part, index) => typeof part === "object" && part.kind === "any" && star2(parts, index));
  return [
    ...found(doubled, checks.doubled, "Two * stand side by side.", path),
    ...found(plain && parts.length === 1 && star(0), checks.anything, "The value is * alone.", path),
    ...found(
      plain && parts.length === 3 && star(0) && star(-1) && literalInside,
      checks.contains,
      "* at both ends is contains.",
      path,
    ),
    ...found(
      plain && parts.length === 2 && star(1) && typeof parts[0] === "string",
      checks.startswith,
      "* at the end is startswith.",
      path,
    ),
    ...found(
      plain && parts.length === 2 && star(0) && typeof parts[1] === "string",
      checks.endswith,
      "* at the start is endswith.",
      path,
    ),
    ...found(
      parts.some((part) => typeof part === "string" && /[*?]/.test(part)),
      checks.escaped,
      "A wildcard is escaped.",
      path,
    ),
  ];
}

function star2(parts: ReturnType<typeof parsePattern>, index: number): boolean {
  const next = parts[index + 1];
  return typeof next === "object" && next.kind === "any";
}

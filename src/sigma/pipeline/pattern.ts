import { RE2JS, RE2JSException } from "re2js";
import { limits } from "../limits.ts";
import { regexSize } from "../parse/regex-size.ts";
import { GroupFault } from "./condition-group.ts";

/** A regular expression of a pipeline; runs in linear time. */
export interface Pattern {
  /** Matches at the start of the text, as Python's `re.match`. */
  readonly matchesStart: (text: string) => boolean;
  /** Matches anywhere. */
  readonly found: (text: string) => boolean;
  /** All matches, one behind the other. */
  readonly all: (text: string) => Found[];
  /** Named groups of a match at the start of the text; undefined without one. */
  readonly groups: (text: string) => ReadonlyMap<string, string> | undefined;
  readonly groupNames: readonly string[];
}

/** A match and what to put in its place. */
interface Found {
  readonly start: number;
  readonly end: number;
  /** Replacement text with `\1`, `\g<1>` and `\g<name>` filled. */
  readonly expand: (replacement: string) => string;
}

/** Compiles a regular expression (RE2 syntax); throws GroupFault when it is none. */
export function compilePattern(text: string): Pattern {
  if (text.length > limits.regexChars || regexSize(text) > limits.regexSteps)
    throw new GroupFault("The regular expression is too large.");
  const compiled = compile(text);
  const groupNames = [...text.matchAll(/\(\?P?<([A-Za-z_]\w*)>/g)].map((match) => match[1] ?? "");
  return {
    matchesStart: (value) => compiled.matcher(value).lookingAt(),
    found: (value) => compiled.matcher(value).find(),
    all: (value) => allMatches(compiled, value),
    groups: (value) => {
      const matcher = compiled.matcher(value);
      if (!matcher.lookingAt()) return undefined;
      return new Map(groupNames.flatMap((name) => [[name, matcher.group(name) ?? ""] as const]));
    },
    groupNames,
  };
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    if (error instanceof RE2JSException)
      throw new GroupFault(`${JSON.stringify(text)} cannot be used: ${error.message}.`);
    throw error;
  }
}

function allMatches(compiled: RE2JS, text: string): Found[] {
  const matcher = compiled.matcher(text);
  const matches: Found[] = [];
  while (matcher.find()) {
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? "");
    const named = new Map(Object.keys(compiled.namedGroups()).map((name) => [name, matcher.group(name) ?? ""]));
    matches.push({
      start: matcher.start(),
      end: matcher.end(),
      expand: (replacement) => expandReplacement(replacement, groups, named),
    });
  }
  return matches;
}

function expandReplacement(replacement: string, groups: readonly string[], named: ReadonlyMap<string, string>): string {
  return replacement.replace(/\\(?:g<(\w+)>|(\d{1,2})|([\s\S]))/g, (_all, name, number, char) => {
    if (char !== undefined) return escapes.get(char) ?? (char === "\\" ? "\\" : `\\${char}`);
    const key = name ?? number;
    return /^\d+$/.test(key) ? (groups[Number(key)] ?? "") : (named.get(key) ?? "");
  });
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
]);

/** Replaces every match. */
export function replaceAll(pattern: Pattern, text: string, replacement: string): string {
  let replaced = "";
  let from = 0;
  for (const match of pattern.all(text)) {
    replaced += text.slice(from, match.start) + match.expand(replacement);
    from = match.end;
  }
  return replaced + text.slice(from);
}

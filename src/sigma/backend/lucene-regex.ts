import type { RegexValue, StringPart, StringValue } from "../ast.ts";
import { notConvertible } from "./not-convertible.ts";
import { type CharRange, type ParsedRegex, parseRegex, type RegexNode, type RegexSequence } from "./regex-syntax.ts";
import { placeholderError, regexText } from "./write-string.ts";

/** Longest regex Elasticsearch and OpenSearch take (`index.max_regex_length`). */
const maxLength = 1_000;

/** More ways to spread anchored groups out than any real regex needs. */
const maxAlternatives = 64;

/**
 * Writes a regex value for Lucene's regexes, which always cover the whole text: `.*` on sides without anchors, shorthands as
 * classes, both cases where case is to be ignored. Throws `sigma_not_convertible` where that cannot say the same.
 */
export function luceneRegex(value: RegexValue): string {
  refuseComplex(value);
  const { alternatives, flags } = parsedRegex(value);
  const has = (flag: "i" | "m" | "s"): boolean => value.flags.has(flag) || flags.has(flag);
  const style = { ignoreCase: has("i"), dotAll: has("s") };
  const sequences = alternatives.flatMap((sequence) => spread(sequence));
  if (sequences.length > maxAlternatives) throw notConvertible("The regex has too many anchored alternatives.");
  if (has("m") && sequences.some((sequence) => sequence.some(isAnchor))) {
    throw notConvertible("Anchors at lines have no counterpart in a search engine.");
  }
  return bounded(sequences.map((sequence) => writeWhole(sequence, style)).join("|"));
}

function parsedRegex(value: RegexValue): ParsedRegex {
  return parseRegex(regexText({ ...value, flags: new Set() }, (text) => text));
}

/** Repetitions of anything but a character, together, up to which a regex surely becomes an automaton of allowed size. */
const maxRepeats = 24;

/** Refuses patterns whose automaton may grow too large: a search with them fails, and query_string then finds nothing, silently. */
export function refuseComplex(value: RegexValue | StringValue): void {
  const repeats =
    value.kind === "regex"
      ? parsedRegex(value)
          .alternatives.flat()
          .reduce((sum, node) => sum + repeatsOf(node), 0)
      : value.parts.filter((part) => typeof part === "object" && part.kind === "one").length * 2;
  if (repeats <= maxRepeats) return;
  throw notConvertible("The pattern may need more states than a search engine allows.");
}

function repeatsOf(node: RegexNode): number {
  if (node.kind === "group") return node.alternatives.flat().reduce((sum, inner) => sum + repeatsOf(inner), 0);
  if (node.kind !== "repeat") return 0;
  const times = node.max ?? node.min;
  return Math.max(times, 1) * Math.max(repeatsOf(node.node), times > 1 && node.node.kind !== "text" ? 1 : 0);
}

/** Writes a string with wildcards as a Lucene regex; letters in both cases unless it is cased. */
export function luceneRegexOfString(value: StringValue): string {
  refuseComplex(value);
  return bounded(value.parts.map((part) => writePart(part, !value.cased)).join(""));
}

function writePart(part: StringPart, ignoreCase: boolean): string {
  if (typeof part === "string") return [...part].map((char) => writeChar(char, ignoreCase)).join("");
  if (part.kind === "placeholder") throw placeholderError(part.name);
  return part.kind === "any" ? ".*" : ".";
}

function bounded(regex: string): string {
  if (regex.length <= maxLength) return regex;
  throw notConvertible(`As a regex it would be longer than the ${maxLength} characters that a search engine takes.`);
}

interface Style {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

/** Spreads out groups with anchors that stand first or last: `(^|x)y` is `^y|xy`. */
function spread(sequence: RegexSequence): RegexSequence[] {
  const [first] = sequence;
  if (first?.kind === "group" && hasAnchor(first)) {
    return first.alternatives.flatMap((alternative) => spread([...alternative, ...sequence.slice(1)]));
  }
  const last = sequence.at(-1);
  if (last?.kind === "group" && hasAnchor(last)) {
    return last.alternatives.flatMap((alternative) => spread([...sequence.slice(0, -1), ...alternative]));
  }
  return [sequence];
}

function isAnchor(node: RegexNode | undefined): boolean {
  return node?.kind === "start" || node?.kind === "end";
}

function hasAnchor(node: RegexNode): boolean {
  if (node.kind === "group") return node.alternatives.some((sequence) => sequence.some(hasAnchor));
  return node.kind === "repeat" ? hasAnchor(node.node) : isAnchor(node);
}

function writeWhole(sequence: RegexSequence, style: Style): string {
  const starts = sequence[0]?.kind === "start";
  const ends = sequence.at(-1)?.kind === "end";
  const inner = sequence.slice(starts ? 1 : 0, ends ? -1 : undefined);
  if (inner.some(hasAnchor))
    throw notConvertible("An anchor in the middle of a regex has no counterpart in a search engine.");
  const text = inner.map((node) => writeNode(node, style)).join("");
  const whole = `${starts ? "" : ".*"}${text}${ends ? "" : ".*"}`;
  return whole === "" ? "()" : whole;
}

function writeNode(node: RegexNode, style: Style): string {
  switch (node.kind) {
    case "text":
      return writeChar(node.char, style.ignoreCase);
    case "dot":
      return style.dotAll ? "." : "[^\n]";
    case "class":
      return writeClass(node.negated, node.ranges, style.ignoreCase);
    case "group":
      return `(${node.alternatives.map((sequence) => writeSequence(sequence, style)).join("|")})`;
    case "repeat":
      return writeRepeat(node, style);
    default:
      return "";
  }
}

function writeSequence(sequence: RegexSequence, style: Style): string {
  return sequence.length === 0 ? "()" : sequence.map((node) => writeNode(node, style)).join("");
}

function writeRepeat({ node, min, max }: Extract<RegexNode, { kind: "repeat" }>, style: Style): string {
  const inner = node.kind === "repeat" ? `(${writeNode(node, style)})` : writeNode(node, style);
  if (min === 0 && max === undefined) return `${inner}*`;
  if (min === 1 && max === undefined) return `${inner}+`;
  if (min === 0 && max === 1) return `${inner}?`;
  return `${inner}{${min}${max === min ? "" : `,${max ?? ""}`}}`;
}

function writeChar(char: string, ignoreCase: boolean): string {
  const lower = char.toLowerCase();
  const upper = char.toUpperCase();
  const both = ignoreCase && lower !== upper && [...lower].length === 1 && [...upper].length === 1;
  return both ? `[${escaped(lower)}${escaped(upper)}]` : escaped(char);
}

function escaped(char: string): string {
  return /^[\p{L}\p{N}\s]|[^\p{ASCII}]$/u.test(char) ? char : `\\${char}`;
}

function writeClass(negated: boolean, ranges: readonly CharRange[], ignoreCase: boolean): string {
  const all = ignoreCase ? [...ranges, ...ranges.flatMap(otherCase)] : ranges;
  const members = all.map(({ from, to }) => {
    const first = escaped(String.fromCodePoint(from));
    return from === to ? first : `${first}-${escaped(String.fromCodePoint(to))}`;
  });
  return `[${negated ? "^" : ""}${members.join("")}]`;
}

/** The ASCII letters of a range in the other case. */
function otherCase({ from, to }: CharRange): CharRange[] {
  const shift = (low: number, high: number, by: number): CharRange[] => {
    const start = Math.max(from, low);
    const end = Math.min(to, high);
    return start <= end ? [{ from: start + by, to: end + by }] : [];
  };
  return [...shift(0x41, 0x5a, 32), ...shift(0x61, 0x7a, -32)];
}

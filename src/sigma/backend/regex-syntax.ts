import { notConvertible } from "./not-convertible.ts";

/** A regex as its parts; only what search engines' regexes can say too. */
export type RegexNode =
  | { readonly kind: "text"; readonly char: string }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly CharRange[] }
  | { readonly kind: "dot" }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "group"; readonly alternatives: readonly RegexSequence[] }
  | { readonly kind: "repeat"; readonly node: RegexNode; readonly min: number; readonly max: number | undefined };

export type RegexSequence = readonly RegexNode[];

/** Code points, both included. */
export interface CharRange {
  readonly from: number;
  readonly to: number;
}

export interface ParsedRegex {
  readonly alternatives: readonly RegexSequence[];
  /** From `(?i)` and the like in front. */
  readonly flags: ReadonlySet<string>;
}

/** Reads a regex; throws `sigma_not_convertible` on what has no counterpart in a search engine: `\b`, look-around, references. */
export function parseRegex(source: string): ParsedRegex {
  const front = /^\(\?([ims]+)\)/.exec(source);
  const reader: Reader = { source, at: front?.[0].length ?? 0, depth: 0 };
  const alternatives = readAlternatives(reader);
  if (reader.at < source.length) throw refused(reader, "an unmatched )");
  return { alternatives, flags: new Set(front?.[1] ?? "") };
}

interface Reader {
  readonly source: string;
  at: number;
  depth: number;
}

const maxDepth = 50;

function readAlternatives(reader: Reader): RegexSequence[] {
  reader.depth += 1;
  if (reader.depth > maxDepth) throw refused(reader, "groups nested too deep");
  const alternatives = [readSequence(reader)];
  while (reader.source[reader.at] === "|") {
    reader.at += 1;
    alternatives.push(readSequence(reader));
  }
  reader.depth -= 1;
  return alternatives;
}

function readSequence(reader: Reader): RegexNode[] {
  const nodes: RegexNode[] = [];
  for (;;) {
    const char = reader.source[reader.at];
    if (char === undefined || char === "|" || char === ")") return nodes;
    nodes.push(readRepeat(readAtom(reader), reader));
  }
}

function readAtom(reader: Reader): RegexNode {
  const char = String.fromCodePoint(reader.source.codePointAt(reader.at) ?? 0);
  reader.at += char.length;
  switch (char) {
    case ".":
      return { kind: "dot" };
    case "^":
      return { kind: "start" };
    case "$":
      return { kind: "end" };
    case "(":
      return readGroup(reader);
    case "[":
      return readClass(reader);
    case "\\":
      return readEscape(reader);
    case "*":
    case "+":
    case "?":
      throw refused(reader, "a repetition of nothing");
    default:
      return { kind: "text", char };
  }
}

function readGroup(reader: Reader): RegexNode {
  const opening = /^\?(?::|P?<[A-Za-z]\w*>)/.exec(reader.source.slice(reader.at, reader.at + 64));
  if (opening !== null) reader.at += opening[0].length;
  else if (reader.source[reader.at] === "?") throw refused(reader, "look-around or flags inside");
  const alternatives = readAlternatives(reader);
  if (reader.source[reader.at] !== ")") throw refused(reader, "an open group");
  reader.at += 1;
  return { kind: "group", alternatives };
}

function readRepeat(node: RegexNode, reader: Reader): RegexNode {
  const match = /^(?:[*+?]|\{(\d{1,4})(,?)(\d{0,4})\})/.exec(reader.source.slice(reader.at, reader.at + 16));
  if (match === null) return node;
  if (node.kind === "start" || node.kind === "end") throw refused(reader, "a repeated anchor");
  reader.at += match[0].length;
  if (reader.source[reader.at] === "+") throw refused(reader, "a possessive repetition");
  if (reader.source[reader.at] === "?") reader.at += 1;
  const [sign, low = "0", comma, high] = match;
  if (sign === "*") return { kind: "repeat", node, min: 0, max: undefined };
  if (sign === "+") return { kind: "repeat", node, min: 1, max: undefined };
  if (sign === "?") return { kind: "repeat", node, min: 0, max: 1 };
  const min = Number(low);
  const max = comma === "" ? min : high === "" || high === undefined ? undefined : Number(high);
  return readRepeat({ kind: "repeat", node, min, max }, reader);
}

const digit: readonly CharRange[] = [{ from: 0x30, to: 0x39 }];
const word: readonly CharRange[] = [
  ...digit,
  { from: 0x41, to: 0x5a },
  { from: 0x5f, to: 0x5f },
  { from: 0x61, to: 0x7a },
];
const blank: readonly CharRange[] = [
  { from: 0x09, to: 0x0a },
  { from: 0x0c, to: 0x0d },
  { from: 0x20, to: 0x20 },
];
const shorthand: Readonly<Record<string, readonly CharRange[]>> = { d: digit, w: word, s: blank };
const control: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v", a: "\x07" };

function readEscape(reader: Reader): RegexNode {
  const letter = reader.source[reader.at] ?? "";
  const ranges = shorthand[letter.toLowerCase()];
  if (ranges === undefined) return { kind: "text", char: readEscapedChar(reader) };
  reader.at += 1;
  return { kind: "class", negated: letter !== letter.toLowerCase(), ranges };
}

/** The character an escape stands for, the backslash read already. */
function readEscapedChar(reader: Reader): string {
  const char = String.fromCodePoint(reader.source.codePointAt(reader.at) ?? 0);
  reader.at += char.length;
  const hex =
    char === "x"
      ? /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(reader.source.slice(reader.at, reader.at + 10))
      : null;
  if (hex !== null) {
    reader.at += hex[0].length;
    const code = Number.parseInt(hex[1] ?? hex[2] ?? "0", 16);
    if (code > 0x10_ff_ff) throw refused(reader, "a code beyond Unicode");
    return String.fromCodePoint(code);
  }
  const named = control[char];
  if (named !== undefined) return named;
  if (/[\p{L}\p{N}]/u.test(char) || char === "\0") throw refused(reader, `the escape \\${char}`);
  return char;
}

function readClass(reader: Reader): RegexNode {
  const negated = reader.source[reader.at] === "^";
  if (negated) reader.at += 1;
  const ranges: CharRange[] = [];
  for (let first = true; ; first = false) {
    const char = reader.source[reader.at];
    if (char === undefined) throw refused(reader, "an open class");
    if (char === "]" && !first) {
      reader.at += 1;
      return { kind: "class", negated, ranges };
    }
    ranges.push(...readMember(reader));
  }
}

function readMember(reader: Reader): readonly CharRange[] {
  if (reader.source.startsWith("[:", reader.at)) throw refused(reader, "a named class");
  if (reader.source[reader.at] === "\\") {
    const letter = reader.source[reader.at + 1] ?? "";
    const ranges = shorthand[letter];
    if (ranges !== undefined) {
      reader.at += 2;
      return ranges;
    }
    if (shorthand[letter.toLowerCase()] !== undefined) throw refused(reader, "a negated class in a class");
  }
  const from = readMemberChar(reader);
  const isRange =
    reader.source[reader.at] === "-" && !/^-(?:\]|$|\\[dwsDWS])/.test(reader.source.slice(reader.at, reader.at + 3));
  if (!isRange) return [{ from, to: from }];
  reader.at += 1;
  const to = readMemberChar(reader);
  if (to < from) throw refused(reader, "a range backwards");
  return [{ from, to }];
}

function readMemberChar(reader: Reader): number {
  const code = reader.source.codePointAt(reader.at) ?? 0;
  reader.at += code > 0xff_ff ? 2 : 1;
  return code === 0x5c ? (readEscapedChar(reader).codePointAt(0) ?? 0) : code;
}

function refused(reader: Reader, what: string): Error {
  return notConvertible(`The regex ${reader.source} has ${what}, which search engines do not know.`);
}

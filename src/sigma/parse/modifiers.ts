import type { CompareOp, RegexFlag, StringPart, StringValue, TimePart, Value } from "../ast.ts";
import { parseCidr } from "./cidr.ts";
import { type Encoding, encodeBase64, encodeBase64Offsets, varyDashes, widenText } from "./modify-encoding.ts";
import { joinRegexParts, openRegex } from "./modify-regex.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { anyChars, insertPlaceholders, joinParts, literalText, writePattern } from "./string-pattern.ts";

/** What a modifier knows of the item it stands in. */
export interface Chain {
  readonly field: string | undefined;
  /** No modifier stands before this one. */
  readonly first: boolean;
  /** The modifier before this one, `all` and `neq` not counted. */
  readonly previous: string | undefined;
  /** The modifier behind this one. */
  readonly next: string | undefined;
}

/** Changes one value. */
export type Modifier = (value: Value, chain: Chain) => Value | Refusal;

const timeRanges: readonly (readonly [TimePart, number, number])[] = [
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day", 1, 31],
  ["week", 1, 53],
  ["month", 1, 12],
  ["year", 0, 9999],
];

/** Modifiers of single values, by name. `all` and `neq` change the item and are not among them. */
export const modifiers: ReadonlyMap<string, Modifier> = new Map<string, Modifier>([
  ["contains", open(true, true)],
  ["startswith", open(false, true)],
  ["endswith", open(true, false)],
  ["cased", onString((value) => ({ ...value, cased: true }))],
  ["re", onString(toRegex)],
  ...flagModifiers("i", "ignorecase"),
  ...flagModifiers("m", "multiline"),
  ...flagModifiers("s", "dotall"),
  ["base64", onString((value, chain) => encodeBase64(value, encodingOf(chain)))],
  ["base64offset", onString((value, chain) => encodeBase64Offsets(value, encodingOf(chain)))],
  ["wide", utf16("utf16le")],
  ["utf16le", utf16("utf16le")],
  ["utf16be", utf16("utf16be")],
  ["utf16", utf16("utf16")],
  ["windash", onString(varyDashes)],
  ["cidr", onString(toCidr)],
  ["exists", toExists],
  ["fieldref", onString(toFieldRef)],
  ["expand", expand],
  ...compareModifiers(),
  ...timeModifiers(),
]);

function incompatible(value: Value, needs: string): Refusal {
  const message = `This modifier needs ${needs}, not ${described(value)}.`;
  const hint = value.kind === "number" || value.kind === "boolean" ? "Put the value in quotes." : `Write ${needs}.`;
  return refusal("modifier_type", message, hint);
}

function described(value: Value): string {
  switch (value.kind) {
    case "string":
      return `the text ${JSON.stringify(writePattern(value.parts))}`;
    case "number":
    case "boolean":
      return `${value.kind} ${value.value}`;
    default:
      return value.kind;
  }
}

function onString(change: (value: StringValue, chain: Chain) => Value | Refusal): Modifier {
  return (value, chain) => (value.kind === "string" ? change(value, chain) : incompatible(value, "a text"));
}

function open(front: boolean, back: boolean): Modifier {
  return (value) => {
    switch (value.kind) {
      case "string":
        return { ...value, parts: openParts(value.parts, front, back) };
      case "regex":
        return openRegex(value, front, back);
      case "fieldref":
        return { ...value, match: widerMatch(value.match, front, back) };
      default:
        return incompatible(value, "a text");
    }
  };
}

function openParts(parts: readonly StringPart[], front: boolean, back: boolean): readonly StringPart[] {
  const opened = front && parts[0] !== anyChars ? [anyChars, ...parts] : [...parts];
  if (back && opened.at(-1) !== anyChars) opened.push(anyChars);
  return opened;
}

type FieldMatch = "equals" | "contains" | "startswith" | "endswith";

function widerMatch(match: FieldMatch, front: boolean, back: boolean): FieldMatch {
  const openFront = front || match === "contains" || match === "endswith";
  const openBack = back || match === "contains" || match === "startswith";
  return openFront ? (openBack ? "contains" : "endswith") : openBack ? "startswith" : "equals";
}

function notFirst(name: string): Refusal {
  const message = `${name} must be the first modifier.`;
  return refusal("modifier_order", message, `Write field|${name}, then the others.`);
}

function toRegex(value: StringValue, chain: Chain): Value | Refusal {
  if (!chain.first) return notFirst("re");
  return { kind: "regex", parts: [literalText(value) ?? ""], flags: new Set() };
}

function flagModifiers(flag: RegexFlag, long: string): [string, Modifier][] {
  const modifier: Modifier = (value) =>
    value.kind === "regex"
      ? { ...value, flags: new Set([...value.flags, flag]) }
      : incompatible(value, "a regular expression (put re before it)");
  return [
    [flag, modifier],
    [long, modifier],
  ];
}

/** UTF-16 only becomes text when no base64 modifier behind it takes the bytes. */
function utf16(encoding: Encoding): Modifier {
  return onString((value, { next }) =>
    next === "base64" || next === "base64offset" ? value : widenText(value, encoding),
  );
}

const encodings: ReadonlyMap<string, Encoding> = new Map<string, Encoding>([
  ["wide", "utf16le"],
  ["utf16le", "utf16le"],
  ["utf16be", "utf16be"],
  ["utf16", "utf16"],
]);

function encodingOf(chain: Chain): Encoding {
  return encodings.get(chain.previous ?? "") ?? "utf8";
}

function toCidr(value: StringValue, chain: Chain): Value | Refusal {
  if (!chain.first) return notFirst("cidr");
  const cidr = parseCidr(writePattern(value.parts));
  if (typeof cidr !== "string") return cidr;
  const hint = "Write an address and a prefix length, 192.0.2.0/24 or 2001:db8::/32, with zeros behind the prefix.";
  return refusal("cidr_invalid", `${cidr}.`, hint);
}

function toExists(value: Value, chain: Chain): Value | Refusal {
  const hint = "Write field|exists: true or field|exists: false.";
  if (chain.field === undefined) return refusal("modifier_value", "exists needs a field before it.", hint);
  if (!chain.first || value.kind !== "boolean")
    return refusal("modifier_value", "exists stands alone and takes true or false.", hint);
  return { kind: "exists", exists: value.value };
}

function toFieldRef(value: StringValue): Value | Refusal {
  const field = literalText(value);
  if (field !== undefined && field !== "") return { kind: "fieldref", field, match: "equals", cased: value.cased };
  const hint = "Write the name of the other field; contains, startswith and endswith stand behind fieldref.";
  return refusal("modifier_value", "fieldref takes a field name without wildcards.", hint);
}

function expand(value: Value): Value | Refusal {
  if (value.kind === "string") return { ...value, parts: joinParts(insertPlaceholders(value.parts)) };
  if (value.kind === "regex") return { ...value, parts: joinRegexParts(insertPlaceholders(value.parts)) };
  return incompatible(value, "a text with %placeholders%");
}

function compareModifiers(): [string, Modifier][] {
  const ops: readonly CompareOp[] = ["lt", "lte", "gt", "gte"];
  return ops.map((op) => [
    op,
    (value) => {
      if (value.kind === "number") return { kind: "compare", op, value: value.value };
      if (value.kind === "timepart" && value.op === "eq") return { ...value, op };
      const hint = "Write the number without quotes.";
      const message = `${op} compares with a number, not with ${described(value)}.`;
      return refusal("modifier_type", message, hint);
    },
  ]);
}

function timeModifiers(): [string, Modifier][] {
  return timeRanges.map(([part, low, high]) => [
    part,
    (value) => {
      const fits =
        value.kind === "number" && Number.isInteger(value.value) && value.value >= low && value.value <= high;
      if (fits) return { kind: "timepart", part, op: "eq", value: value.value };
      const hint = `Write a whole number from ${low} to ${high}; lt, lte, gt and gte stand behind ${part}.`;
      return refusal("modifier_value", `${part} takes a number from ${low} to ${high}.`, hint);
    },
  ]);
}

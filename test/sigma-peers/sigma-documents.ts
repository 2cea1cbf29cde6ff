import type { Rule, StringPart, Value } from "../../src/sigma/ast.ts";
import { type Expression, expressionsOf, type Leaf } from "../../src/sigma/backend/expression.ts";
import { isNotConvertible } from "../../src/sigma/backend/not-convertible.ts";
import { parseRegex, type RegexNode } from "../../src/sigma/backend/regex-syntax.ts";
import { networkAddress } from "../../src/sigma/backend/write-network.ts";

/** An event with one value a field, as rules are written about. */
export type FlatDocument = Record<string, string | number | boolean>;

/** Numbers from 0 to 1, 1 excluded. */
export type Random = () => number;

/** A reproducible stream of random numbers (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Documents about a rule: some that should match, some that should not, and matching ones with one field left out or one character
 * changed. Which match is for an evaluator to say.
 */
export function documentsFor(rule: Rule, random: Random): FlatDocument[] {
  const documents: FlatDocument[] = [];
  for (const expression of expressionsOf(rule)) {
    for (const want of [true, true, true, false, false]) {
      const document: FlatDocument = {};
      satisfy(expression, want, document, random);
      documents.push(document);
      if (want) documents.push(mutate(document, random));
    }
  }
  return documents;
}

function satisfy(expression: Expression, want: boolean, document: FlatDocument, random: Random): void {
  switch (expression.kind) {
    case "not":
      satisfy(expression.operand, !want, document, random);
      return;
    case "and":
    case "or": {
      const everyOne = (expression.kind === "and") === want;
      // What asks for nothing to be there goes first, so that what asks for something has the last word on a field.
      const operands = everyOne ? expression.operands : [pick(expression.operands, random)];
      for (const operand of operands.toSorted((a, b) => Number(b.kind === "not") - Number(a.kind === "not"))) {
        satisfy(operand, want, document, random);
      }
      return;
    }
    default:
      satisfyLeaf(expression, want, document, random);
  }
}

function satisfyLeaf(leaf: Leaf, want: boolean, document: FlatDocument, random: Random): void {
  const field = leaf.kind === "field" ? leaf.field : "message";
  const current = document[field];
  if (!want) {
    if (random() < 0.5 && current === undefined) document[field] = randomText(random);
    return;
  }
  const sample = sampleValue(leaf.value, random);
  if (sample === undefined) delete document[field];
  else if (
    leaf.kind === "keyword" ||
    (typeof current === "string" && typeof sample === "string" && isInside(leaf.value))
  ) {
    document[field] = `${current ?? ""} ${String(sample)}`.trimStart();
  } else document[field] = sample;
}

/** Whether a value may stand anywhere in a text, so that several go together. */
function isInside(value: Value): boolean {
  if (value.kind === "expansion") return value.values.every(isInside);
  if (value.kind !== "string") return value.kind === "regex";
  const any = (part: StringPart | undefined): boolean => typeof part === "object" && part.kind === "any";
  return any(value.parts[0]) && any(value.parts.at(-1));
}

function sampleValue(value: Value, random: Random): string | number | boolean | undefined {
  switch (value.kind) {
    case "string":
      return sampleString(value.parts, value.cased, random);
    case "number":
    case "boolean":
      return value.value;
    case "regex":
      return sampleRegex(value.parts.join(""), random);
    case "cidr":
      return networkAddress({
        ...value,
        address: value.address.map(
          (byte, index) => byte | (index * 8 >= value.prefix ? Math.floor(random() * 256) : 0),
        ),
      });
    case "compare":
      return value.value + (value.op === "lt" || value.op === "lte" ? -1 : 1);
    case "exists":
      return value.exists ? randomText(random) : undefined;
    case "expansion":
      return sampleValue(pick(value.values, random), random);
    case "timepart":
      return "2026-01-01T12:00:00Z";
    default:
      return undefined;
  }
}

function sampleString(parts: readonly StringPart[], cased: boolean, random: Random): string {
  const text = parts
    .map((part) => {
      if (typeof part === "string") return part;
      return part.kind === "any" ? (random() < 0.4 ? "" : randomText(random)) : pick("abXY0-é".split(""), random);
    })
    .join("");
  return cased || random() < 0.5 ? text : swapCase(text);
}

function swapCase(text: string): string {
  return text.replaceAll(/[a-zA-Z]/g, (letter) => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase()));
}

function randomText(random: Random): string {
  return Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick("abcXYZ019 -_./\\".split(""), random)).join(
    "",
  );
}

function sampleRegex(source: string, random: Random): string {
  try {
    const { alternatives } = parseRegex(source);
    return `${randomText(random)}${sampleSequence(pick(alternatives, random), random)}${random() < 0.5 ? randomText(random) : ""}`;
  } catch (error) {
    if (isNotConvertible(error)) return randomText(random);
    throw error;
  }
}

function sampleSequence(nodes: readonly RegexNode[], random: Random): string {
  return nodes.map((node) => sampleNode(node, random)).join("");
}

function sampleNode(node: RegexNode, random: Random): string {
  switch (node.kind) {
    case "text":
      return node.char;
    case "dot":
      return pick("ab1 -".split(""), random);
    case "class": {
      if (node.negated) {
        const free = [..."aZ5 ~,é"].filter(
          (char) =>
            !node.ranges.some(({ from, to }) => (char.codePointAt(0) ?? 0) >= from && (char.codePointAt(0) ?? 0) <= to),
        );
        return free.length === 0 ? "" : pick(free, random);
      }
      const { from, to } = pick(node.ranges, random);
      return String.fromCodePoint(from + Math.floor(random() * (to - from + 1)));
    }
    case "group":
      return sampleSequence(pick(node.alternatives, random), random);
    case "repeat": {
      const most = Math.min(node.max ?? node.min + 3, node.min + 3);
      const times = node.min + Math.floor(random() * (most - node.min + 1));
      return Array.from({ length: times }, () => sampleNode(node.node, random)).join("");
    }
    default:
      return "";
  }
}

function mutate(document: FlatDocument, random: Random): FlatDocument {
  const fields = Object.keys(document);
  if (fields.length === 0) return { ...document };
  const field = pick(fields, random);
  const { [field]: value, ...rest } = document;
  if (typeof value !== "string" || value === "" || random() < 0.5) return rest;
  const at = Math.floor(random() * value.length);
  const changed = `${value.slice(0, at)}${pick(["", "z", "*", "?", "\\"], random)}${value.slice(at + 1)}`;
  return { ...rest, [field]: changed.toWellFormed() };
}

function pick<Choice>(choices: readonly Choice[], random: Random): Choice {
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new Error("There is nothing to choose from.");
  return chosen;
}

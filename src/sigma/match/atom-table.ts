import type { Item, RegexValue, Value } from "../ast.ts";
import { anyRun, matchesFolded, type PatternPart, type TextPattern, textPattern } from "./match-string.ts";
import { regexLiteral } from "./regex-literal.ts";
import { foldCase } from "./scalar.ts";
import { ScanIndexBuilder } from "./scan-index.ts";
import { compileRegex, regexSource } from "./sigma-regex.ts";
import { compileFieldTest, compileKeywordTest, type FieldTest, type ScalarTest } from "./value-test.ts";

/** What a rule needs to know about an event, with what announces it. */
export interface AtomRef {
  readonly atom: number;
  /** Atoms of which one is hit whenever this holds; undefined where nothing announces it (a missing field). */
  readonly triggers: readonly number[] | undefined;
  /** How often the triggers are hit for nothing, roughly. */
  readonly cost: number;
}

/** Tests that no index answers; run only when a rule asks. */
export interface LazyTests {
  readonly field: FieldSlot | undefined;
  readonly fieldTests: readonly FieldTest[];
  readonly keywordTests: readonly ScalarTest[];
}

export interface FieldSlot {
  readonly name: string;
  readonly index: number;
  readonly builder: ScanIndexBuilder;
  /** Atom that is hit when the field is there. */
  readonly presence: number;
}

const presenceCost = 60;

/** Gives every different item of a rule set a number and sorts its values into the indexes of the fields. */
export class AtomTable {
  readonly fields = new Map<string, FieldSlot>();
  readonly keywords = new ScanIndexBuilder();
  readonly lazy = new Map<number, LazyTests>();
  readonly #known = new Map<string, AtomRef>();
  #hasKeywords = false;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether any rule looks into the whole event. */
  get hasKeywords(): boolean {
    return this.#hasKeywords;
  }

  /** The atom that holds when any of the values does. Throws `sigma_unmatchable` as the tests do. */
  atomOf(item: Item, values: readonly Value[]): AtomRef {
    const flat = values.flatMap(flatten);
    const key = JSON.stringify([item.kind === "field" ? item.field : null, flat], jsonSafe);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const ref = item.kind === "field" ? this.#fieldAtom(this.fieldSlot(item.field), flat) : this.#keywordAtom(flat);
    this.#known.set(key, ref);
    return ref;
  }

  fieldSlot(name: string): FieldSlot {
    const known = this.fields.get(name);
    if (known !== undefined) return known;
    const slot = { name, index: this.fields.size, builder: new ScanIndexBuilder(), presence: this.#size };
    this.#size += 1;
    this.fields.set(name, slot);
    return slot;
  }

  #fieldAtom(slot: FieldSlot, values: readonly Value[]): AtomRef {
    const atom = this.#next();
    const fieldTests: FieldTest[] = [];
    let cost = 0;
    let lazyNeeds: "nothing" | "presence" | "absence" = "nothing";
    for (const value of values) {
      const indexed = indexValue(value, atom, slot.builder);
      if (indexed !== undefined) cost += indexed;
      else {
        fieldTests.push(compileFieldTest(value));
        if (value.kind === "fieldref") this.fieldSlot(value.field);
        const absent = value.kind === "null" || (value.kind === "exists" && !value.exists);
        if (absent || lazyNeeds === "nothing") lazyNeeds = absent ? "absence" : "presence";
      }
    }
    if (fieldTests.length > 0) this.lazy.set(atom, { field: slot, fieldTests, keywordTests: [] });
    if (lazyNeeds === "absence") return { atom, triggers: undefined, cost: Number.POSITIVE_INFINITY };
    if (lazyNeeds === "nothing") return { atom, triggers: [atom], cost };
    return { atom, triggers: [atom, slot.presence], cost: cost + presenceCost };
  }

  #keywordAtom(values: readonly Value[]): AtomRef {
    const atom = this.#next();
    this.#hasKeywords = true;
    const keywordTests: ScalarTest[] = [];
    let cost = 0;
    for (const value of values) {
      const indexed = indexKeyword(value, atom, this.keywords);
      if (indexed === undefined) keywordTests.push(compileKeywordTest(value));
      else cost += indexed;
    }
    if (keywordTests.length === 0) return { atom, triggers: [atom], cost };
    this.lazy.set(atom, { field: undefined, fieldTests: [], keywordTests });
    return { atom, triggers: undefined, cost: Number.POSITIVE_INFINITY };
  }

  #next(): number {
    this.#size += 1;
    return this.#size - 1;
  }
}

function flatten(value: Value): readonly Value[] {
  return value.kind === "expansion" ? value.values.flatMap(flatten) : [value];
}

function jsonSafe(_key: string, value: unknown): unknown {
  return value instanceof Set ? [...value].sort() : value;
}

/** Puts a value into a field's index; gives its cost, or undefined where only a test can tell. */
function indexValue(value: Value, atom: number, builder: ScanIndexBuilder): number | undefined {
  switch (value.kind) {
    case "string":
      return indexPattern(textPattern(value), atom, builder);
    case "boolean":
      builder.addExact(String(value.value), false, atom);
      return 1;
    case "number":
      builder.addNumber(value.value, atom);
      return 1;
    case "regex":
      return indexRegex(value, atom, builder);
    case "cidr":
      builder.addNetwork(value, atom);
      return 4;
    default:
      return undefined;
  }
}

/** The same for a keyword, which may stand anywhere in a leaf. */
function indexKeyword(value: Value, atom: number, builder: ScanIndexBuilder): number | undefined {
  switch (value.kind) {
    case "string":
      return indexPattern(textPattern(value, true), atom, builder);
    case "number":
      builder.addNumber(value.value, atom);
      return 1;
    case "regex":
      return indexRegex(value, atom, builder);
    default:
      return undefined;
  }
}

function indexRegex(value: RegexValue, atom: number, builder: ScanIndexBuilder): number | undefined {
  const literal = regexLiteral(regexSource(value), value.flags.has("i"));
  if (literal === undefined) return undefined;
  const needle = foldCase(literal);
  builder.addNeedle(needle, { atom, place: "check", check: compileRegex(value) });
  return needleCost(needle);
}

function indexPattern(pattern: TextPattern, atom: number, builder: ScanIndexBuilder): number | undefined {
  const { parts, cased } = pattern;
  const texts = parts.filter((part) => typeof part === "string");
  if (parts.length === 0 || (parts.length === 1 && texts.length === 1)) {
    builder.addExact(texts[0] ?? "", cased, atom);
    return 1;
  }
  const needle = texts.map(foldCase).reduce((best, text) => (text.length > best.length ? text : best), "");
  if (needle === "") return undefined;
  const place = cased ? undefined : plainPlace(parts);
  if (place !== undefined) builder.addNeedle(needle, { atom, place });
  else {
    const check = cased
      ? (text: string): boolean => matchesFolded(parts, text)
      : (_text: string, folded: string): boolean => matchesFolded(parts, folded);
    builder.addNeedle(needle, { atom, place: "check", check });
  }
  return needleCost(needle);
}

/** Where the one text of a pattern must stand, if that is all there is to it. */
function plainPlace(parts: readonly PatternPart[]): "anywhere" | "start" | "end" | undefined {
  const [first, second, third] = parts;
  if (parts.length === 2 && typeof first === "string" && second === anyRun) return "start";
  if (parts.length === 2 && first === anyRun && typeof second === "string") return "end";
  if (parts.length === 3 && first === anyRun && typeof second === "string" && third === anyRun) return "anywhere";
  return undefined;
}

/** Short needles are hit often. */
function needleCost(needle: string): number {
  return 1 + (64 >> Math.min(needle.length, 6));
}

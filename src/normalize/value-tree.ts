import type { Document } from "../sdk/document.ts";
import { scalarText } from "./coerce-value.ts";
import { compilePath, type FieldReader } from "./compile-path.ts";
import { type Fact, type Facts, judgeCondition } from "./judge-condition.ts";
import { topName } from "./key-clauses.ts";
import type { Condition } from "./mapping-schema.ts";

/** With so few left, testing each costs no more than asking for another value. */
const fewEnough = 2;
const maxDepth = 6;

/** Narrows candidates by the values of the fields that most of them test. */
export type ValueTree<T> = (document: Document) => readonly T[];

/**
 * A decision tree over the values of fields such as `event.module`, built branch by branch as documents come. A value
 * that no candidate names takes the branch of all such values, so there are never more branches than named values.
 * `missing` names top-level fields that the documents lack. What is left still has to be tested: the tree only leaves
 * out what cannot hold.
 */
export function createValueTree<T>(
  candidates: readonly T[],
  conditionOf: (candidate: T) => Condition,
  missing: ReadonlySet<string> = new Set(),
): ValueTree<T> {
  const fields = candidates.flatMap((candidate) => fieldsTested(conditionOf(candidate)));
  const facts = new Map(fields.filter((field) => missing.has(topName(field))).map((field) => [field, nothing]));
  const left = candidates.filter((candidate) => judgeCondition(conditionOf(candidate), facts) !== false);
  return nodeOf({ candidates: left, conditionOf, facts, depth: 0, asked: new Set(facts.keys()) });
}

const nothing: Fact = { kind: "missing" };

function fieldsTested({ field, all = [], any = [], none = [] }: Condition): string[] {
  return [...(field === undefined ? [] : [field]), ...[...all, ...any, ...none].flatMap(fieldsTested)];
}

interface Branch<T> {
  readonly candidates: readonly T[];
  readonly conditionOf: (candidate: T) => Condition;
  readonly facts: Facts;
  readonly depth: number;
  readonly asked: ReadonlySet<string>;
}

function nodeOf<T>(branch: Branch<T>): ValueTree<T> {
  const { candidates, conditionOf, facts } = branch;
  const probe = candidates.length <= fewEnough || branch.depth >= maxDepth ? undefined : bestProbe(branch);
  if (probe === undefined) return () => candidates;
  const asked = new Set([...branch.asked, probe.field]);
  const next = (fact: Fact | undefined): ValueTree<T> => {
    const known = fact === undefined ? facts : new Map([...facts, [probe.field, fact]]);
    const left = candidates.filter((candidate) => judgeCondition(conditionOf(candidate), known) !== false);
    return nodeOf({ ...branch, candidates: left, facts: known, depth: branch.depth + 1, asked });
  };
  const branches = new Map<string, ValueTree<T>>();
  return (document) => {
    const value = probe.read(document);
    const name = branchName(probe, value);
    let tree = branches.get(name);
    if (tree === undefined) {
      tree = next(factOf(probe, value));
      branches.set(name, tree);
    }
    return tree(document);
  };
}

interface Probe {
  readonly field: string;
  readonly read: FieldReader;
  readonly texts: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

/** The field that most candidates test for certain texts; none when only one does. */
function bestProbe<T>({ candidates, conditionOf, asked }: Branch<T>): Probe | undefined {
  const tests = candidates.map((candidate) => textTests(conditionOf(candidate)));
  const counts = new Map<string, number>();
  for (const list of tests)
    for (const field of new Set(list.map((test) => test.field))) counts.set(field, (counts.get(field) ?? 0) + 1);
  let best: string | undefined;
  for (const [field, count] of counts) {
    if (!asked.has(field) && count > 1 && count > (counts.get(best ?? "") ?? 1)) best = field;
  }
  if (best === undefined) return undefined;
  const own = tests.flat().filter((test) => test.field === best);
  const texts = new Set(own.flatMap((test) => test.texts));
  return { field: best, read: compilePath(best), texts, prefixes: [...new Set(own.flatMap((test) => test.prefixes))] };
}

interface TextTest {
  readonly field: string;
  readonly texts: readonly string[];
  readonly prefixes: readonly string[];
}

function textTests(condition: Condition): TextTest[] {
  const { field, equals, prefix, all = [], any = [], none = [] } = condition;
  const inner = [...all, ...any, ...none].flatMap(textTests);
  const texts = [...(equals === undefined ? [] : [equals]), ...(condition.in ?? [])].map(String);
  const prefixes = prefix === undefined ? [] : typeof prefix === "string" ? [prefix] : prefix;
  if (field === undefined || texts.length + prefixes.length === 0) return inner;
  return [{ field, texts, prefixes }, ...inner];
}

/** `=text`, or how a value of no listed text begins; one for what has no single text. */
function branchName(probe: Probe, value: unknown): string {
  if (value === undefined || value === null) return "absent";
  const text = singleText(value);
  if (text === undefined) return "unclear";
  if (probe.texts.has(text)) return `=${text}`;
  let name = "other";
  for (let index = 0; index < probe.prefixes.length; index += 1) {
    if (text.startsWith(probe.prefixes[index] ?? "")) name += `,${index}`;
  }
  return name;
}

function factOf(probe: Probe, value: unknown): Fact | undefined {
  if (value === undefined || value === null) return { kind: "absent" };
  const text = singleText(value);
  if (text === undefined) return undefined;
  if (probe.texts.has(text)) return { kind: "text", text };
  return { kind: "other", prefixes: new Set(probe.prefixes.filter((prefix) => text.startsWith(prefix))) };
}

/** The text of a scalar, or of a list of one: what tests see of either. */
function singleText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return scalarText(value);
  return value.length === 1 ? scalarText(value[0]) : undefined;
}

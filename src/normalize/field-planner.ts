import type { FieldPlan } from "../sdk/connector.ts";
import type { Document } from "../sdk/document.ts";
import { compileKnown, type Known, type Unknown } from "./known-condition.ts";
import { hasLongFraction } from "./long-fraction.ts";
import type { Mapping } from "./mapping-schema.ts";
import { compileCover } from "./path-cover.ts";
import { pathsOfCondition, type ReadPaths, readPathsOf } from "./read-paths.ts";
import { compileReaderText } from "./reader-text.ts";
import { inOrder, isNamed } from "./recogniser.ts";
import type { Readers } from "./renderer.ts";
import { compileUnwrap } from "./unwrap-document.ts";

/** Finds out which fields of documents mappings need, from the documents that come. */
export interface FieldPlanner {
  /** What to fetch of the next documents; undefined: whole ones. */
  plan(): FieldPlan | undefined;
}

/** Kept in any case: people look for it. */
const always = "@timestamp";

/**
 * Begins with the fields that mappings are told apart by. Where those do not tell, or a mapping takes a document, what it
 * takes to go on is added, so that documents read as if they were whole. Where that cannot be, because a mapping reads all of a
 * document or numbers would lose digits, whole ones are fetched from there on; `onWhole` is told why, once.
 */
export function createFieldPlanner(
  mappings: readonly Mapping[],
  readers: Readers,
  onWhole: (why: string) => void,
): FieldPlanner {
  const all = mappings.map((mapping): Candidate => ({ mapping, ...readPathsOf(mapping) }));
  let paths = firstPaths(all);
  let plan: FieldPlan | undefined;
  let isWhole = false;
  const grow = (lack: Lack): void => {
    if (lack.whole !== undefined && !isWhole) onWhole(lack.whole);
    isWhole ||= lack.whole !== undefined;
    paths = bare([...paths, ...lack.paths]);
    plan = undefined;
  };
  const make = (): FieldPlan => {
    const lackOf = compileLack(all, paths, readers);
    return {
      paths,
      suffices(document, container) {
        const lack = lackOf(document, container);
        if (lack !== undefined) grow(lack);
        return lack === undefined;
      },
    };
  };
  return {
    plan() {
      if (isWhole) return undefined;
      plan ??= make();
      return plan;
    },
  };
}

interface Candidate extends ReadPaths {
  readonly mapping: Mapping;
}

/** What is missing: paths, or all of the document. */
interface Lack {
  readonly paths: readonly string[];
  /** Why all of it. */
  readonly whole?: string;
}

const fractions: Lack = { paths: [], whole: "a server that leaves fields out cuts the digits of long fractions" };

/** The fields that mappings are recognised by; not those of which parts are read, which may be large. */
function firstPaths(all: readonly Candidate[]): readonly string[] {
  const asked = all.flatMap(({ mapping }) => pathsOfCondition(mapping.recognise));
  const holders = new Set([...asked, ...all.flatMap(({ paths }) => paths)].flatMap(holdersOf));
  return bare([always, ...asked.filter((path) => !holders.has(path))]);
}

/** `a` and `a.b` for `a.b.c`. */
function holdersOf(path: string): string[] {
  const segments = path.split(".");
  return segments.slice(1).map((_, count) => segments.slice(0, count + 1).join("."));
}

/** Without those that others stand for. */
function bare(paths: readonly string[]): readonly string[] {
  const known = new Set(paths);
  return [...known].filter((path) => !holdersOf(path).some((holder) => known.has(holder))).sort();
}

/** Compiles what documents cut down to `paths` lack to be read as if they were whole. */
function compileLack(
  all: readonly Candidate[],
  paths: readonly string[],
  readers: Readers,
): (document: Document, container: string) => Lack | undefined {
  const cover = compileCover(paths);
  const judged = all.map((one) => compileJudged(one, cover.covers, readers));
  const orderOf = rememberOrder(judged);
  return (document, container) => {
    const list = cover.listOn(document);
    if (list !== undefined) return { paths: [list] };
    if (hasLongFraction(document)) return fractions;
    const { ordered, named } = orderOf(container);
    const unsure: string[] = [];
    for (const one of ordered) {
      const known = one.recognises(document);
      if (known === false) continue;
      if (known !== true) unsure.push(...missingFor(known, one));
      else if (one.lack !== undefined || one.takes(document)) return lackWith(unsure, one.lack);
    }
    return lackWith(unsure, named.find(({ lack }) => lack !== undefined)?.lack);
  };
}

/** A mapping may not come to a document's turn after all, while it is unsure whether one before it takes the document. */
function lackWith(unsure: readonly string[], lack: Lack | undefined): Lack | undefined {
  return unsure.length === 0 ? lack : { paths: [...unsure, ...(lack?.paths ?? [])] };
}

interface Judged extends Candidate {
  readonly recognises: (document: Document) => Known;
  /** What it lacks of any document that it recognises. */
  readonly lack: Lack | undefined;
  /** What it needs and is not there. */
  readonly missing: readonly string[];
  /** Whether it takes a document that it recognises, or leaves it to the next. */
  readonly takes: (document: Document) => boolean;
}

function compileJudged(one: Candidate, covers: (path: string) => boolean, readers: Readers): Judged {
  const { mapping, paths, isWhole } = one;
  const missing = paths.filter((path) => !covers(path));
  const whole = isWhole ? { paths: [], whole: `the mapping ${mapping.name} reads all of a document` } : undefined;
  const lack = whole ?? (missing.length > 0 ? { paths: missing } : undefined);
  return {
    ...one,
    missing,
    lack,
    recognises: compileKnown(mapping.recognise, covers),
    takes: lack === undefined ? compileTakes(mapping, readers) : () => false,
  };
}

function compileTakes({ unwrap, reader }: Mapping, readers: Readers): (document: Document) => boolean {
  if (unwrap !== undefined) {
    const open = compileUnwrap(unwrap, readers);
    return (document) => open(document) !== undefined;
  }
  if (reader === undefined) return () => true;
  const textOf = compileReaderText(reader, readers.renderers);
  return (document) => textOf(document) !== undefined;
}

/** What is read under a field tells that it is there; only where nothing of that is, all of it is looked at. */
function missingFor({ path, isExistence }: Unknown, { missing }: Judged): readonly string[] {
  const under = isExistence ? missing.filter((one) => one.startsWith(`${path}.`)) : [];
  return under.length > 0 ? under : [path];
}

interface Order {
  readonly ordered: readonly Judged[];
  /** What may take a document that none recognises. */
  readonly named: readonly Judged[];
}

const maxContainers = 4_096;

function rememberOrder(judged: readonly Judged[]): (container: string) => Order {
  const known = new Map<string, Order>();
  return (container) => {
    const found = known.get(container);
    if (found !== undefined) return found;
    const ordered = inOrder(judged, container);
    const named = ordered.filter((one) => one.mapping.text !== undefined && isNamed(one, container));
    if (known.size >= maxContainers) known.clear();
    known.set(container, { ordered, named });
    return { ordered, named };
  };
}

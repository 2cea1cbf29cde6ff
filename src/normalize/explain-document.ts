import type { Document } from "../sdk/document.ts";
import { isObject } from "./compile-path.ts";
import { failedTest, interpretPath } from "./interpret-condition.ts";
import { explainRefusal, interpretMapping, interpretText, nameOf } from "./interpret-mapping.ts";
import { clausesOf } from "./key-clauses.ts";
import type { Mapping } from "./mapping-schema.ts";
import { compileReaderText, readerText } from "./reader-text.ts";
import { inOrder, isNamed } from "./recogniser.ts";
import type { Readers } from "./renderer.ts";
import { compileUnwrap } from "./unwrap-document.ts";

/** How a document was read: for people, made only on request. */
export interface Explanation {
  /** Every mapping tried, best first, up to the one that took the document. */
  readonly tried: readonly Trial[];
  /** The condition that ended it, where a mapping skipped or rejected it. */
  readonly refused?: string;
  /** Where the text came from, e.g. `process.command_line`, `join process.args`, `reader auditd_lines on message`. */
  readonly text?: string;
  /** Which session candidate answered; absent where the key is a fallback or the reader decides. */
  readonly session?: string;
  /** The session candidates of which none had a value, where the key is a fallback. */
  readonly noSession?: readonly string[];
  /** What an envelope held, the first ten. */
  readonly inner?: readonly Explanation[];
}

interface Trial {
  readonly mapping: string;
  /** `ruled out`: a top-level field it needs is not there, so that its conditions were not even tested. */
  readonly outcome: "took" | "took by container" | "declined" | "not recognised" | "ruled out";
  /** The test that failed, in words. */
  readonly why?: string;
}

interface Setting {
  readonly mappings: readonly Mapping[];
  readonly readers: Readers;
}

const maxDepth = 4;
const maxInner = 10;

/** Explains with the interpreter, walking the mappings in order of precedence. Never throws on a document. */
export function explainDocument(document: Document, container: string, setting: Setting, depth = 0): Explanation {
  const tried: Trial[] = [];
  const ordered = inOrder(
    setting.mappings.map((mapping) => ({ mapping })),
    container,
  );
  for (const { mapping } of ordered) {
    const why = failedTest(mapping.recognise, document);
    if (why !== undefined) {
      const outcome = isRuledOut(mapping, document) ? "ruled out" : "not recognised";
      tried.push({ mapping: idOf(mapping), outcome, why });
      continue;
    }
    const reading = explainTaken(document, container, mapping, setting, depth);
    if (reading !== undefined) return { tried: [...tried, { mapping: idOf(mapping), outcome: "took" }], ...reading };
    tried.push({ mapping: idOf(mapping), outcome: "declined", why: "no field holds what it opens" });
  }
  const named = ordered.find((one) => isNamed(one, container) && takesUnrecognised(document, one.mapping, setting));
  if (named === undefined) return { tried };
  const trial: Trial = { mapping: idOf(named.mapping), outcome: "took by container" };
  return { tried: [...tried, trial], ...explainFields(document, named.mapping, setting.readers) };
}

function idOf(mapping: Mapping): string {
  return `${mapping.name}@${mapping.version}`;
}

function isRuledOut(mapping: Mapping, document: Document): boolean {
  const names = new Set(Object.keys(document).map((key) => key.split(".", 1)[0] ?? key));
  return clausesOf(mapping.recognise).some((clause) => ![...clause].some((name) => names.has(name)));
}

function takesUnrecognised(document: Document, mapping: Mapping, { readers }: Setting): boolean {
  const isPlain = mapping.unwrap === undefined && mapping.reader === undefined && mapping.collapse === undefined;
  return isPlain && interpretMapping(mapping, document, readers).kind === "fields";
}

type Taken = Omit<Explanation, "tried">;

/** Undefined when the mapping finds nothing to open and lets the next one try. */
function explainTaken(
  document: Document,
  container: string,
  mapping: Mapping,
  setting: Setting,
  depth: number,
): Taken | undefined {
  if (mapping.unwrap !== undefined) {
    const inner = compileUnwrap(mapping.unwrap, setting.readers)(document);
    if (inner === undefined || depth >= maxDepth) return inner === undefined ? undefined : {};
    const documents = inner.filter(isObject).slice(0, maxInner);
    return { inner: documents.map((one) => explainDocument(one, container, setting, depth + 1)) };
  }
  if (mapping.reader !== undefined) {
    const { name, fields = [], render } = mapping.reader;
    if (compileReaderText(mapping.reader, setting.readers.renderers)(document) === undefined) return undefined;
    const field = fields.find((path) => readerText(interpretPath(path, document)) !== undefined);
    return { text: `reader ${name} on ${field ?? `what ${render} writes`}` };
  }
  return explainFields(document, mapping, setting.readers);
}

function explainFields(document: Document, mapping: Mapping, readers: Readers): Taken {
  const refused = explainRefusal(mapping, document);
  if (refused !== undefined) return { refused };
  const text = interpretText(mapping, document, readers);
  if ("kind" in text) return {};
  const reading = interpretMapping(mapping, document, readers);
  const session = reading.kind === "fields" ? reading.fields.session?.from : undefined;
  if (session !== undefined) return { text: describe(text.from), session };
  return {
    text: describe(text.from),
    noSession: (mapping.session ?? []).map(({ fields }) => fields.map(nameOf).join("+")),
  };
}

function describe(spec: Parameters<typeof nameOf>[0]): string {
  if (typeof spec === "string") return spec;
  if ("render" in spec && spec.render !== undefined) return `rendered by ${spec.render}`;
  return spec.join === undefined ? nameOf(spec) : `join ${nameOf(spec)}`;
}

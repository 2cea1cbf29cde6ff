import type { Document } from "../sdk/document.ts";
import { isObject } from "./compile-path.ts";
import { failedTest, interpretPath } from "./interpret-condition.ts";
import { interpretMapping, interpretText, nameOf } from "./interpret-mapping.ts";
import type { Mapping } from "./mapping-schema.ts";
import type { Readers } from "./renderer.ts";
import { compileUnwrap } from "./unwrap-document.ts";

/** How a document was read: for people, made only on request. */
export interface Explanation {
  /** Every mapping tried, best first, up to the one that took the document. */
  readonly tried: readonly Trial[];
  /** Where the text came from, e.g. `process.command_line`, `join process.args`, `reader auditd_lines on message`. */
  readonly text?: string;
  /** Which session candidate answered; absent where the key is a fallback or the reader decides. */
  readonly session?: string;
  /** What an envelope held, the first ten. */
  readonly inner?: readonly Explanation[];
}

interface Trial {
  readonly mapping: string;
  readonly outcome: "took" | "declined" | "not recognised";
  /** The test that failed, in words. */
  readonly why?: string;
}

const maxDepth = 4;
const maxInner = 10;

/** Explains with the interpreter, walking the mappings in order of precedence. Never throws on a document. */
export function explainDocument(
  document: Document,
  mappings: readonly Mapping[],
  readers: Readers,
  depth = 0,
): Explanation {
  const tried: Trial[] = [];
  const ordered = [...mappings].sort((a, b) => b.precedence - a.precedence || (a.name < b.name ? -1 : 1));
  for (const mapping of ordered) {
    const id = `${mapping.name}@${mapping.version}`;
    const why = failedTest(mapping.recognise, document);
    if (why !== undefined) {
      tried.push({ mapping: id, outcome: "not recognised", why });
      continue;
    }
    const reading = explainTaken(document, mapping, { mappings, readers, depth });
    if (reading !== undefined) return { tried: [...tried, { mapping: id, outcome: "took" }], ...reading };
    tried.push({ mapping: id, outcome: "declined", why: "no field holds what it opens" });
  }
  return { tried };
}

interface Setting {
  readonly mappings: readonly Mapping[];
  readonly readers: Readers;
  readonly depth: number;
}

type Taken = Omit<Explanation, "tried">;

/** Undefined when the mapping finds nothing to open and lets the next one try. */
function explainTaken(document: Document, mapping: Mapping, setting: Setting): Taken | undefined {
  if (mapping.unwrap !== undefined) {
    const inner = compileUnwrap(mapping.unwrap)(document);
    if (inner === undefined || setting.depth >= maxDepth) return inner === undefined ? undefined : {};
    const { mappings, readers, depth } = setting;
    const documents = inner.filter(isObject).slice(0, maxInner);
    return { inner: documents.map((one) => explainDocument(one, mappings, readers, depth + 1)) };
  }
  if (mapping.reader !== undefined) {
    const field = mapping.reader.fields.find((path) => isFilled(interpretPath(path, document)));
    return field === undefined ? undefined : { text: `reader ${mapping.reader.name} on ${field}` };
  }
  return explainFields(document, mapping, setting.readers);
}

function explainFields(document: Document, mapping: Mapping, readers: Readers): Taken {
  const text = interpretText(mapping, document, readers);
  if ("kind" in text) return {};
  const reading = interpretMapping(mapping, document, readers);
  const session = reading.kind === "fields" ? reading.fields.session?.from : undefined;
  return { text: describe(text.from), ...(session === undefined ? {} : { session }) };
}

function describe(spec: Parameters<typeof nameOf>[0]): string {
  if (typeof spec === "string") return spec;
  if ("render" in spec && spec.render !== undefined) return `rendered by ${spec.render}`;
  return spec.join === undefined ? nameOf(spec) : `join ${nameOf(spec)}`;
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

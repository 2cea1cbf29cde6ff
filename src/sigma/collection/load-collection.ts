import type { Correlation, Filter, Rule, SigmaDocument } from "../ast.ts";
import { createLocator } from "../parse/locate.ts";
import { parse } from "../parse/parse.ts";
import type { Finding, Problem } from "../problem.ts";
import { applyFilters } from "./apply-filters.ts";
import { orderCorrelations } from "./order-correlations.ts";
import type { Placed, PlacedFinding } from "./placed.ts";
import { createReferences } from "./references.ts";

/** A text with Sigma documents and the name it goes by in problems. */
export interface SigmaText {
  readonly file: string;
  readonly text: string;
}

/** Rules, correlations and filters that belong together, whatever files they came in. */
export interface Collection {
  /** Filters applied, in the order of the files. */
  readonly rules: readonly Rule[];
  /** What a correlation refers to stands before it; each refers only to what is here. */
  readonly correlations: readonly Correlation[];
  readonly filters: readonly Filter[];
  /** By file and line. */
  readonly problems: readonly Problem[];
}

/** Checks that look further than whether a document can be read. */
export interface Checks {
  readonly document: (document: SigmaDocument) => readonly Omit<Finding, "document">[];
}

/** Reads texts, applies their filters and resolves what their correlations refer to. Never throws. */
export function loadCollection(texts: readonly SigmaText[], checks?: Checks): Collection {
  const problems: Problem[] = [];
  const placed: Placed[] = [];
  for (const [source, { file, text }] of texts.entries()) {
    const parsed = parse(text, file);
    problems.push(...parsed.problems);
    placed.push(...parsed.documents.map(({ document, index }) => ({ document, source, index })));
  }
  const references = createReferences(placed);
  const filters = ofKind(placed, "filter");
  const filtered = applyFilters(ofKind(placed, "rule"), filters, references);
  const ordered = orderCorrelations(ofKind(placed, "correlation"), references);
  const findings = [...references.findings, ...filtered.findings, ...ordered.findings, ...check(placed, checks)];
  return {
    rules: filtered.rules,
    correlations: ordered.correlations,
    filters: filters.map(({ document }) => document),
    problems: sortProblems([...problems, ...locate(findings, texts)], texts),
  };
}

function ofKind<Kind extends SigmaDocument["kind"]>(
  placed: readonly Placed[],
  kind: Kind,
): Placed<SigmaDocument & { readonly kind: Kind }>[] {
  return placed.filter((one): one is Placed<SigmaDocument & { readonly kind: Kind }> => one.document.kind === kind);
}

function check(placed: readonly Placed[], checks: Checks | undefined): PlacedFinding[] {
  if (checks === undefined) return [];
  return placed.flatMap(({ document, source, index }) =>
    checks.document(document).map((finding) => ({ source, finding: { ...finding, document: index } })),
  );
}

function locate(findings: readonly PlacedFinding[], texts: readonly SigmaText[]): Problem[] {
  const bySource = Map.groupBy(findings, ({ source }) => source);
  return [...bySource].flatMap(([source, ofSource]) => {
    const place = createLocator(texts[source]?.text ?? "", texts[source]?.file);
    return ofSource.map(({ finding }) => place(finding));
  });
}

function sortProblems(problems: readonly Problem[], texts: readonly SigmaText[]): Problem[] {
  const ranks = new Map(texts.map(({ file }, index) => [file, index]));
  const rank = ({ file = "" }: Problem): number => ranks.get(file) ?? 0;
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

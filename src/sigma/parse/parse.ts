import type { SigmaDocument } from "../ast.ts";
import { at, createBudget, type Finding, type Problem, type Report, refuse, shown } from "../problem.ts";
import { createPlacer, locateFindings } from "./locate.ts";
import { parseCorrelation } from "./parse-correlation.ts";
import { parseFilter } from "./parse-filter.ts";
import { parseRule } from "./parse-rule.ts";
import type { YamlDocument } from "./read-full-yaml.ts";
import { readYaml } from "./read-yaml.ts";
import { createTemplates, type Templates } from "./templates.ts";
import { isMap, type YamlMap, type YamlValue } from "./yaml-value.ts";

/** What a Sigma text holds. */
export interface Parsed {
  /** Documents without errors, in the order of the text. */
  readonly documents: readonly ParsedDocument[];
  /** Errors (their documents are left out) and warnings. */
  readonly problems: readonly Problem[];
}

export interface ParsedDocument {
  readonly document: SigmaDocument;
  /** 0-based place in the text. */
  readonly index: number;
}

/** Reads the rules, correlations and filters of a YAML text with one or more documents. Never throws. */
export function parse(text: string, file?: string): Parsed {
  const templates = createTemplates();
  const documents: ParsedDocument[] = [];
  const findings: Finding[] = [];
  const broken: Problem[] = [];
  const budget = createBudget();
  for (const [index, read] of readYaml(text).entries()) {
    if (read.kind === "broken") {
      broken.push(...locateFaults(read, index, text, file));
      continue;
    }
    const report: Report = { document: index, findings: [], budget };
    const document = parseDocument(read.value, templates, report);
    findings.push(...report.findings);
    if (document !== undefined && !report.findings.some(({ severity }) => severity === "error"))
      documents.push({ document, index });
  }
  return { documents, problems: [...broken, ...locateFindings(text, findings, file)] };
}

function locateFaults(
  { faults }: YamlDocument & { readonly kind: "broken" },
  document: number,
  text: string,
  file: string | undefined,
): Problem[] {
  const place = createPlacer(text, file);
  return faults.map(({ position, ...fault }) => place({ severity: "error", document, path: [], ...fault }, position));
}

function parseDocument(value: YamlValue, templates: Templates, report: Report): SigmaDocument | undefined {
  if (value === null) return undefined;
  if (!isMap(value)) {
    const hint = "Write title:, logsource: and detection: at the top.";
    return refuse(report, undefined, "document_no_map", `A document is a map, not ${shown(value)}.`, hint);
  }
  const completed = templates.complete(value, report);
  return completed && parseMap(completed, report);
}

function parseMap(document: YamlMap, report: Report): SigmaDocument | undefined {
  const kinds = ["detection", "correlation", "filter"].filter((key) => document.has(key));
  const [first, second] = kinds;
  if (second !== undefined) {
    const hint = "Write them as documents of their own, with a line --- between.";
    return refuse(report, at(undefined, second), "document_two_kinds", `A document has ${first} or ${second}.`, hint);
  }
  switch (first) {
    case "correlation":
      return parseCorrelation(document, report);
    case "filter":
      return parseFilter(document, report);
    default:
      return parseRule(document, report);
  }
}

import { limits } from "./limits.ts";

/** What is wrong with a Sigma file; docs/sigma.md lists the codes. */
export interface Problem extends Finding {
  readonly file?: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
}

/** A problem before its line is known. */
export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
  /** 0-based number of the document in its file. */
  readonly document: number;
  /** Keys and list positions from the top of the document. */
  readonly path: readonly PathKey[];
  /** Characters into the value at `path`, where the value is a text with a grammar of its own. */
  readonly offset?: number;
}

/** `error`: the document is refused. `warning`: it is read, and probably does not do what was meant. `info`: style. */
export type Severity = "error" | "warning" | "info";

export type PathKey = string | number;

/** Where the parser stands: a linked list, so that nothing is built until something is wrong. */
export interface Place {
  readonly up: Place | undefined;
  readonly key: PathKey;
}

/** Collects what is wrong with one document. */
export interface Report {
  readonly document: number;
  readonly findings: Finding[];
  /** Shared by the documents of a file. */
  readonly budget: Budget;
}

/** What is left to spend on a file. */
export interface Budget {
  regexSteps: number;
}

/** The budget of one file. */
export function createBudget(): Budget {
  return { regexSteps: limits.fileRegexSteps };
}

/** More findings a document than anyone reads; the rest is left out. */
const maxFindings = 100;

/** Notes an error at a place; returns undefined, so that a parser can `return refuse(…)`. */
export function refuse(
  report: Report,
  place: Place | undefined,
  code: string,
  message: string,
  hint: string,
  offset?: number,
): undefined {
  note(report, "error", place, code, message, hint, offset);
}

/** Notes something that is read all the same. */
export function warn(report: Report, place: Place | undefined, code: string, message: string, hint: string): void {
  note(report, "warning", place, code, message, hint);
}

function note(
  report: Report,
  severity: Severity,
  place: Place | undefined,
  code: string,
  message: string,
  hint: string,
  offset?: number,
): void {
  if (report.findings.length >= maxFindings) return;
  const finding = { severity, code, message, hint, document: report.document, path: pathOf(place) };
  report.findings.push(offset === undefined ? finding : { ...finding, offset });
}

/** The place one key or list position deeper. */
export function at(up: Place | undefined, key: PathKey): Place {
  return { up, key };
}

function pathOf(place: Place | undefined): PathKey[] {
  const path: PathKey[] = [];
  for (let node = place; node !== undefined; node = node.up) path.push(node.key);
  return path.reverse();
}

/** Values in messages: short, on one line. */
export function shown(value: unknown): string {
  const text = value instanceof Map ? "a map" : Array.isArray(value) ? "a list" : (JSON.stringify(value) ?? "nothing");
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

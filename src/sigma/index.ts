export type * from "./ast.ts";
export { type Checks, type Collection, loadCollection, type SigmaText } from "./collection/load-collection.ts";
export { type LintFinding, lintDocument } from "./lint/lint-document.ts";
export { type Parsed, type ParsedDocument, parse } from "./parse/parse.ts";
export type { Problem, Severity } from "./problem.ts";

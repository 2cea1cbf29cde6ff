export type * from "./ast.ts";
export { type Parsed, type ParsedDocument, parse } from "./parse/parse.ts";
export type { Problem, Severity } from "./problem.ts";

export type * from "./ast.ts";
export { type Checks, type Collection, loadCollection, type SigmaText } from "./collection/load-collection.ts";
export { type LintFinding, lintDocument } from "./lint/lint-document.ts";
export { type Parsed, type ParsedDocument, parse } from "./parse/parse.ts";
export {
  createPipeline,
  type Pipeline,
  type PipelineSettings,
  type Transformed,
} from "./pipeline/create-pipeline.ts";
export { type ParsedPipeline, parsePipeline } from "./pipeline/parse-pipeline.ts";
export { type LookupRequest, TransformationFault } from "./pipeline/pipeline-run.ts";
export type { PipelineSpec } from "./pipeline/pipeline-schema.ts";
export type { Problem, Severity } from "./problem.ts";

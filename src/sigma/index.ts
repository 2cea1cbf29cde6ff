export type * from "./ast.ts";
export {
  type Conversion,
  type ConvertOptions,
  convertRule,
  convertRule as compile,
  type Fidelity,
  type Target,
} from "./backend/convert-rule.ts";
export { exportCorrelation } from "./backend/export-correlation.ts";
export { type Exported, type ExportFormat, type ExportOptions, exportRule } from "./backend/export-rule.ts";
export { type FieldType, type FieldTypes, fieldTypesOf, unknownFields } from "./backend/field-types.ts";
export { type Checks, type Collection, loadCollection, type SigmaText } from "./collection/load-collection.ts";
export {
  type CorrelationAlert,
  type Correlator,
  type CorrelatorSettings,
  createCorrelator,
  type MatchedEvent,
} from "./correlate/create-correlator.ts";
export { lastingNames } from "./correlate/lasting-names.ts";
export { resolveReferences } from "./correlate/resolve-references.ts";
export { type LintFinding, lintDocument } from "./lint/lint-document.ts";
export { compileRules, type EventSource, type RuleMatcher } from "./match/compile-rules.ts";
export { explainRule, type RuleExplanation } from "./match/explain-rule.ts";
export { match } from "./match/match.ts";
export { eventTimeOf } from "./match/time-part.ts";
export { type Unmatchable, unmatchableReason } from "./match/unmatchable.ts";
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

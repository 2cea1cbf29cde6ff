import type { SigmaDocument } from "../ast.ts";
import type { Finding } from "../problem.ts";
import { lintConditions } from "./lint-conditions.ts";
import { lintCorrelation } from "./lint-correlation.ts";
import { lintItems } from "./lint-items.ts";
import { lintLogsource } from "./lint-logsource.ts";
import { lintMetadata } from "./lint-metadata.ts";
import { lintTags } from "./lint-tags.ts";

/** Something a document may mean, and probably does not, or could say better. */
export type LintFinding = Omit<Finding, "document">;

/** What is doubtful in a document that could be read; what the linter looks for is in docs/sigma.md. */
export function lintDocument(document: SigmaDocument): LintFinding[] {
  const common = [...lintMetadata(document.metadata), ...lintTags(document.metadata)];
  switch (document.kind) {
    case "correlation":
      return [...common, ...lintCorrelation(document)];
    case "filter":
      return [...common, ...lintConditions(document, [document.condition], "filter"), ...lintItems(document, "filter")];
    case "rule":
      return [
        ...common,
        ...lintLogsource(document),
        ...lintConditions(document, document.conditions, "detection"),
        ...lintItems(document, "detection"),
      ];
  }
}

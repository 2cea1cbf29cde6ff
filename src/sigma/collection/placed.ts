import type { SigmaDocument } from "../ast.ts";
import type { Finding, PathKey, Severity } from "../problem.ts";

/** A document and where it stands. */
export interface Placed<Document extends SigmaDocument = SigmaDocument> {
  readonly document: Document;
  /** Number of the text. */
  readonly source: number;
  /** Number of the document in its text. */
  readonly index: number;
}

/** A finding about a document of the collection. */
export interface PlacedFinding {
  readonly source: number;
  readonly finding: Finding;
}

/** A finding about a document, at a path in it. */
export function placedFinding(
  { source, index }: Placed,
  severity: Severity,
  code: string,
  message: string,
  hint: string,
  path: readonly PathKey[],
): PlacedFinding {
  return { source, finding: { severity, code, message, hint, document: index, path } };
}

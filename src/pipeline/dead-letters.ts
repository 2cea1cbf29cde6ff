import { createHash } from "node:crypto";
import type { RefusedResult } from "../normalize/result.ts";
import type { DeadLetter } from "../sdk/dead-letter.ts";
import type { SourceRecord } from "../sdk/document.ts";
import { jsonText } from "../sdk/json-text.ts";

const maxExcerptChars = 2_000;

/**
 * The dead letter of a rejected record; `record` is the record itself where it is still at hand. `earlier`: how many of
 * this code the record had before, as a list of documents may; ids are the same in every run.
 */
export function deadLetterOf(
  result: RefusedResult,
  source: string,
  record: SourceRecord | undefined,
  earlier: number,
): DeadLetter {
  const [first] = result.records;
  const container = first?.container ?? "";
  const document = first?.id ?? "";
  return {
    id: createHash("sha256")
      .update([source, container, document, result.code, earlier].join("\0"))
      .digest("hex")
      .slice(0, 32),
    code: result.code,
    reason: result.reason,
    ...(result.field === undefined ? {} : { field: result.field }),
    source,
    container,
    document,
    excerpt: excerptOf(record),
  };
}

function excerptOf(record: SourceRecord | undefined): string {
  if (record === undefined) return "";
  const text = record.kind === "unreadable" ? record.excerpt : jsonText(record.document);
  return text.slice(0, maxExcerptChars);
}

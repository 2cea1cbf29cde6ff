import { createHash } from "node:crypto";
import type { RefusedResult } from "../normalize/result.ts";
import type { DeadLetter } from "../sdk/dead-letter.ts";
import type { SourceRecord } from "../sdk/document.ts";

const maxExcerptChars = 2_000;

/** The dead letter of a rejected record; `record` is the record itself where it is still at hand. */
export function deadLetterOf(result: RefusedResult, source: string, record: SourceRecord | undefined): DeadLetter {
  const [first] = result.records;
  const container = first?.container ?? "";
  const document = first?.id ?? "";
  return {
    id: createHash("sha256").update(`${source}\0${container}\0${document}\0${result.code}`).digest("hex").slice(0, 32),
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
  const text = record.kind === "unreadable" ? record.excerpt : JSON.stringify(record.document);
  return text.slice(0, maxExcerptChars);
}

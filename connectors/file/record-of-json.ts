import type { Document, SourceRecord } from "#sdk";
import { type FileShape, isBareValue } from "./file-shape.ts";
import { parseJson } from "./parse-json.ts";
import type { Position } from "./position.ts";
import { type Container, cutExcerpt, documentAt, unreadableAt } from "./record-place.ts";

/** The record a text should be that is meant as JSON. */
export function recordOfJson(text: string, container: Container, position: Position): SourceRecord {
  const parsed = parseJson(text);
  if (parsed.kind === "value") return recordOfValue(parsed.value, container, position);
  const line = position.line + parsed.line - 1;
  const column = parsed.column + (parsed.line === 1 ? position.column : 0);
  const reason = `line ${line} column ${column}: not valid JSON, expected ${parsed.expected}`;
  return unreadableAt(container, position, { code: "json_invalid", reason, excerpt: cutExcerpt(text) });
}

/** Objects are documents, strings (of an array) lines of text; nothing else is a document. */
export function recordOfValue(value: unknown, container: Container, position: Position): SourceRecord {
  if (isDocument(value)) return documentAt(container, position, value);
  if (typeof value === "string" && position.inArray) return documentAt(container, position, { message: value });
  const reason = `line ${position.line}: ${kindOf(value)} where an object is needed`;
  const excerpt = cutExcerpt(JSON.stringify(value));
  return unreadableAt(container, position, { code: "json_not_an_object", reason, excerpt });
}

/** Whether a line without an object is meant as JSON; among lines of text, `5` and `[]` are text too. */
export function looksLikeJson(line: string, shape: FileShape): boolean {
  return /^[\]},\s]*$/.test(line) || (shape !== "text" && isBareValue(line));
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

import type { Document, SourceRecord } from "#sdk";
import type { Position } from "./position.ts";

const excerptChars = 512;
/** More records than a file holds; keeps the sequence rising when a container gets a new file. */
const generationStride = 2 ** 36;

/** Which file records come from. */
export interface Container {
  /** The path it was found under. */
  readonly name: string;
  /** 0, or how many files had this name before (rotation, truncation); part of the ids then, which would repeat otherwise. */
  readonly generation: number;
}

export function documentAt(container: Container, position: Position, document: Document): SourceRecord {
  return { kind: "document", document, ...placeOf(container, position) };
}

export function unreadableAt(
  container: Container,
  position: Position,
  fault: { readonly code: string; readonly reason: string; readonly excerpt: string },
): SourceRecord {
  return { kind: "unreadable", ...fault, ...placeOf(container, position) };
}

/** The beginning of the bytes as text. */
export function excerptOf(bytes: Buffer, start: number, end: number): string {
  return cutExcerpt(bytes.toString("utf8", start, Math.min(end, start + 4 * excerptChars)));
}

/** At most 512 characters of a text. */
export function cutExcerpt(text: string): string {
  return text.length > excerptChars ? `${text.slice(0, excerptChars).toWellFormed()}…` : text;
}

function placeOf(container: Container, position: Position) {
  const onLine = position.onLine === 0 ? "" : `.${position.onLine}`;
  const generation = container.generation === 0 ? "" : `@${container.generation}`;
  return {
    container: container.name,
    id: `line:${position.line}${onLine}${generation}`,
    sequence: container.generation * generationStride + position.records,
  };
}

import { limits } from "../limits.ts";
import { plainScalar } from "./plain-scalar.ts";
import { readLiteral } from "./read-literal.ts";
import { type Lines, splitLines, trimLeft, trimRight } from "./yaml-lines.ts";
import { closingQuote, unquote } from "./yaml-quotes.ts";
import type { YamlValue } from "./yaml-value.ts";

/** Thrown where a text needs the full reader; it never leaves this file. */
const bail = new Error("needs the full reader");

/**
 * Reads the YAML that nearly all rules are written in: block maps and lists, scalars on one line, literal texts. For
 * anything else, and for anything wrong, it returns undefined, and the full reader decides. Where it returns a value it
 * is the same one, several times faster.
 */
export function readPlainYaml(text: string): YamlValue[] | undefined {
  // Control characters, tabs and line ends of other systems have rules of their own.
  if (text.length > limits.textChars || /[^\P{Cc}\n]|\ufeff/u.test(text)) return undefined;
  try {
    return readDocuments(text);
  } catch (error) {
    if (error === bail) return undefined;
    throw error;
  }
}

interface Reader {
  readonly lines: Lines;
  /** The line being read. */
  at: number;
  nodes: number;
}

function readDocuments(text: string): YamlValue[] {
  const reader: Reader = { lines: splitLines(text), at: 0, nodes: 0 };
  const documents: YamlValue[] = [];
  skip(reader);
  if (isMarker(reader)) reader.at += 1;
  for (;;) {
    skip(reader);
    documents.push(isEnd(reader) || isMarker(reader) ? null : readTop(reader));
    skip(reader);
    if (isEnd(reader)) return documents;
    if (!isMarker(reader)) throw bail;
    reader.at += 1;
  }
}

/** A document of a rule is a map. */
function readTop(reader: Reader): YamlValue {
  if (indentOf(reader) !== 0 || startsItem(contentOf(reader))) throw bail;
  return readMap(reader, 0, 0);
}

function skip(reader: Reader): void {
  const { indents } = reader.lines;
  while (reader.at < indents.length && indents[reader.at] === -1) reader.at += 1;
}

function isEnd(reader: Reader): boolean {
  return reader.at >= reader.lines.indents.length;
}

/** -1 at the end. */
function indentOf(reader: Reader): number {
  return reader.lines.indents[reader.at] ?? -1;
}

function contentOf(reader: Reader): string {
  return reader.lines.contents[reader.at] ?? "";
}

/** `---` alone; other forms of marks are left to the full reader. */
function isMarker(reader: Reader): boolean {
  if (indentOf(reader) !== 0) return false;
  const content = contentOf(reader);
  if (content === "---") return true;
  if (content.startsWith("---") || content.startsWith("...") || content.startsWith("%")) throw bail;
  return false;
}

function startsItem(content: string): boolean {
  return content === "-" || content.startsWith("- ");
}

function spend(reader: Reader, depth: number): void {
  reader.nodes += 1;
  if (reader.nodes > limits.nodes || depth > limits.depth) throw bail;
}

function readMap(reader: Reader, indent: number, depth: number): YamlValue {
  spend(reader, depth);
  const map = new Map<string, YamlValue>();
  while (indentOf(reader) === indent && !isMarker(reader)) {
    const content = contentOf(reader);
    if (startsItem(content)) break;
    const { key, rest } = splitKey(content);
    if (map.has(key) || key === "<<") throw bail;
    map.set(key, readEntry(reader, rest, indent, depth));
    skip(reader);
  }
  if (indentOf(reader) > indent) throw bail;
  return map;
}

interface Entry {
  readonly key: string;
  readonly rest: string;
}

function splitKey(content: string): Entry {
  const first = content.charCodeAt(0);
  if (first === 0x27 || first === 0x22) {
    const close = closingQuote(content);
    if (close < 0 || content.charCodeAt(close + 1) !== 0x3a) throw bail;
    const behind = content.charCodeAt(close + 2);
    if (behind !== 0x20 && !Number.isNaN(behind)) throw bail;
    return { key: unquoted(content.slice(0, close + 1)), rest: trimLeft(content.slice(close + 2)) };
  }
  const colon = content.indexOf(": ");
  const end = colon >= 0 ? colon : content.endsWith(":") ? content.length - 1 : -1;
  const key = content.slice(0, end);
  if (end <= 0 || end > 1_024 || !startsPlain(key) || key.includes(" #") || key.endsWith(" ")) throw bail;
  return { key, rest: trimLeft(content.slice(end + 1)) };
}

/** Characters that start something else than a plain scalar. */
const indicators = new Set("[]{}&*!|>'\"%@`#,");

function startsPlain(text: string): boolean {
  const first = text.charAt(0);
  if (indicators.has(first)) return false;
  if (first !== "-" && first !== "?" && first !== ":") return true;
  return text.length > 1 && text.charAt(1) !== " ";
}

/** The value behind `key:`, on the same line or below. */
function readEntry(reader: Reader, rest: string, indent: number, depth: number): YamlValue {
  if (rest !== "" && !rest.startsWith("#")) return readInline(reader, rest, indent, depth);
  reader.at += 1;
  skip(reader);
  const next = indentOf(reader);
  if (next > indent) return readBlock(reader, next, depth + 1);
  // A list may stand as far left as its key.
  if (next === indent && startsItem(contentOf(reader))) return readList(reader, next, depth + 1);
  spend(reader, depth + 1);
  return null;
}

function readBlock(reader: Reader, indent: number, depth: number): YamlValue {
  const content = contentOf(reader);
  if (startsItem(content)) return readList(reader, indent, depth);
  return readMap(reader, indent, depth);
}

function readList(reader: Reader, indent: number, depth: number): YamlValue {
  spend(reader, depth);
  const list: YamlValue[] = [];
  while (indentOf(reader) === indent && startsItem(contentOf(reader))) {
    list.push(readItem(reader, indent, depth));
    skip(reader);
  }
  if (indentOf(reader) > indent) throw bail;
  return list;
}

function readItem(reader: Reader, indent: number, depth: number): YamlValue {
  const content = contentOf(reader);
  const rest = trimLeft(content.slice(1));
  if (rest === "" || rest.startsWith("#")) {
    reader.at += 1;
    skip(reader);
    if (indentOf(reader) > indent) return readBlock(reader, indentOf(reader), depth + 1);
    spend(reader, depth + 1);
    return null;
  }
  if (startsItem(rest) || isEntry(rest)) {
    // What stands behind the dash is a block of its own, as far right as it stands.
    const inner = indent + content.length - rest.length;
    reader.lines.indents[reader.at] = inner;
    reader.lines.contents[reader.at] = rest;
    return readBlock(reader, inner, depth + 1);
  }
  return readInline(reader, rest, indent, depth);
}

/** Whether a text behind a dash is `key: value`. */
function isEntry(rest: string): boolean {
  const first = rest.charCodeAt(0);
  if (first === 0x27 || first === 0x22) {
    const close = closingQuote(rest);
    return close >= 0 && rest.charCodeAt(close + 1) === 0x3a;
  }
  const comment = rest.indexOf(" #");
  const body = comment < 0 ? rest : rest.slice(0, comment);
  return body.includes(": ") || trimRight(body).endsWith(":");
}

/** A scalar on the rest of a line; it must not go on below. */
function readInline(reader: Reader, rest: string, indent: number, depth: number): YamlValue {
  spend(reader, depth + 1);
  if (rest === "|" || rest === "|-" || rest === "|+") {
    const literal = readLiteral(reader.lines, reader.at + 1, indent, rest);
    if (literal === undefined) throw bail;
    reader.at = literal.next;
    return literal.text;
  }
  const value = readScalar(rest);
  reader.at += 1;
  skip(reader);
  if (indentOf(reader) > indent) throw bail;
  return value;
}

function readScalar(rest: string): YamlValue {
  const first = rest.charCodeAt(0);
  if (first === 0x27 || first === 0x22) {
    const close = closingQuote(rest);
    if (close < 0 || !isBlankOrComment(rest.slice(close + 1))) throw bail;
    return unquoted(rest.slice(0, close + 1));
  }
  if (!startsPlain(rest)) throw bail;
  const comment = rest.indexOf(" #");
  const body = comment < 0 ? rest : trimRight(rest.slice(0, comment));
  if (body.includes(": ") || body.endsWith(":")) throw bail;
  return plainScalar(body);
}

function isBlankOrComment(text: string): boolean {
  return text === "" || (text.startsWith(" ") && /^ +(?:#|$)/.test(text));
}

function unquoted(text: string): string {
  const value = unquote(text);
  if (value === undefined) throw bail;
  return value;
}

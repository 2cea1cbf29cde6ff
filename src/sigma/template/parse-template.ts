import { TransformationFault } from "../pipeline/pipeline-run.ts";
import type { Expression } from "./expression.ts";
import { parseExpression } from "./parse-expression.ts";

/** A piece of a template. */
export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly expression: Expression }
  | { readonly kind: "set"; readonly name: string; readonly expression: Expression }
  | { readonly kind: "if"; readonly branches: readonly Branch[] }
  | {
      readonly kind: "for";
      readonly names: readonly string[];
      readonly over: Expression;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

interface Branch {
  /** Absent: else. */
  readonly test?: Expression;
  readonly body: readonly TemplateNode[];
}

type Piece = { readonly kind: "text" | "print" | "statement"; readonly text: string };

/** Longest template. */
const maxChars = 1_000_000;

/** Deepest nesting of statements. */
const maxDepth = 64;

/** Reads a template: texts, `{{ expressions }}`, `{% if %}`, `{% for %}`, `{% set %}` and `{# comments #}`. */
export function parseTemplate(template: string): readonly TemplateNode[] {
  if (template.length > maxChars) throw new TransformationFault("The template is too long.");
  const pieces = splitTemplate(template.replace(/\n$/, ""));
  const cursor = { index: 0 };
  const nodes = readNodes(pieces, cursor, [], 0);
  return nodes;
}

/** Cuts a template at its marks; a dash in a mark takes the blanks beside it away. */
function splitTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let strip = false;
  const push = (text: string, stripEnd: boolean): void => {
    const start = strip ? text.trimStart() : text;
    const cut = stripEnd ? start.trimEnd() : start;
    if (cut !== "") pieces.push({ kind: "text", text: cut });
  };
  for (let open = nextMark(template, from); open >= 0; open = nextMark(template, from)) {
    const mark = template[open + 1] ?? "";
    const close = mark === "{" ? "}}" : `${mark}}`;
    const end = template.indexOf(close, open + 2);
    if (end < 0) throw new TransformationFault(`A template mark {${mark} has no end.`);
    const dashed = template[open + 2] === "-";
    push(template.slice(from, open), dashed);
    const inner = template.slice(open + (dashed ? 3 : 2), end);
    strip = inner.endsWith("-");
    const text = (strip ? inner.slice(0, -1) : inner).trim();
    if (mark !== "#") pieces.push({ kind: mark === "{" ? "print" : "statement", text });
    from = end + 2;
  }
  push(template.slice(from), false);
  return pieces;
}

function nextMark(template: string, from: number): number {
  const found = /\{[{%#]/g;
  found.lastIndex = from;
  return found.exec(template)?.index ?? -1;
}

interface Cursor {
  index: number;
}

/** Reads up to a statement that ends the block, which is left for the caller. */
function readNodes(pieces: readonly Piece[], cursor: Cursor, ends: readonly string[], depth: number): TemplateNode[] {
  if (depth > maxDepth) throw new TransformationFault("The template is nested too deep.");
  const nodes: TemplateNode[] = [];
  for (let piece = pieces[cursor.index]; piece !== undefined; piece = pieces[cursor.index]) {
    if (piece.kind === "statement" && ends.includes(wordOf(piece.text))) return nodes;
    cursor.index += 1;
    if (piece.kind === "text") nodes.push({ kind: "text", text: piece.text });
    else if (piece.kind === "print") nodes.push({ kind: "print", expression: parseExpression(piece.text) });
    else nodes.push(readStatement(piece.text, pieces, cursor, depth));
  }
  if (ends.length > 0) throw new TransformationFault(`The template lacks ${ends.at(-1)}.`);
  return nodes;
}

function wordOf(statement: string): string {
  return /^\w+/.exec(statement)?.[0] ?? "";
}

function readStatement(text: string, pieces: readonly Piece[], cursor: Cursor, depth: number): TemplateNode {
  const [, name, value] = /^set\s+([A-Za-z_]\w*)\s*=([\s\S]+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { kind: "set", name, expression: parseExpression(value) };
  if (wordOf(text) === "if") return readIf(text.slice(2), pieces, cursor, depth);
  const [, names, over] = /^for\s+([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)?)\s+in\s([\s\S]+)$/.exec(text) ?? [];
  if (names !== undefined && over !== undefined) return readFor(names, over, pieces, cursor, depth);
  throw new TransformationFault(`Templates have no statement ${JSON.stringify(text)}.`);
}

function readIf(first: string, pieces: readonly Piece[], cursor: Cursor, depth: number): TemplateNode {
  const branches: Branch[] = [];
  let test: Expression | undefined = parseExpression(first);
  for (;;) {
    const ends = test === undefined ? ["endif"] : ["elif", "else", "endif"];
    const body = readNodes(pieces, cursor, ends, depth + 1);
    branches.push(test === undefined ? { body } : { test, body });
    const end = pieces[cursor.index]?.text ?? "endif";
    cursor.index += 1;
    if (end === "endif") return { kind: "if", branches };
    test = wordOf(end) === "elif" ? parseExpression(end.slice(4)) : undefined;
  }
}

function readFor(names: string, over: string, pieces: readonly Piece[], cursor: Cursor, depth: number): TemplateNode {
  const body = readNodes(pieces, cursor, ["else", "endfor"], depth + 1);
  const hasElse = pieces[cursor.index]?.text === "else";
  cursor.index += 1;
  const otherwise = hasElse ? readNodes(pieces, cursor, ["endfor"], depth + 1) : [];
  if (hasElse) cursor.index += 1;
  return { kind: "for", names: names.split(/\s*,\s*/), over: parseExpression(over), body, otherwise };
}

import { type Document, isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Finding, PathKey, Problem } from "../problem.ts";
import { parseNodes, positionOf } from "./read-full-yaml.ts";

/** Gives findings their line and column. The text is read a second time, only when something is wrong with it. */
export function locateFindings(text: string, findings: readonly Finding[], file: string | undefined): Problem[] {
  return findings.length === 0 ? [] : findings.map(createLocator(text, file));
}

/** Looks up where in a text findings are. */
export function createLocator(text: string, file: string | undefined): (finding: Finding) => Problem {
  const documents = parseNodesOrNone(text);
  const place = createPlacer(text, file);
  return (finding) => place(finding, positionIn(documents[finding.document], finding));
}

/** Turns characters of a text into lines and columns. */
export function createPlacer(text: string, file: string | undefined): (finding: Finding, position: number) => Problem {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return (finding, position) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle;
    }
    const place = { line: low + 1, column: position - (starts[low] ?? 0) + 1 };
    return file === undefined ? { ...finding, ...place } : { ...finding, file, ...place };
  };
}

function parseNodesOrNone(text: string): Document.Parsed[] {
  try {
    return parseNodes(text);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function positionIn(document: Document.Parsed | undefined, finding: Finding): number {
  if (document === undefined) return 0;
  let position = positionOf(document.contents);
  let node: unknown = document.contents;
  for (const key of finding.path) {
    const next = step(node, key);
    if (next === undefined) break;
    position = next.position;
    node = next.node;
  }
  return finding.offset === undefined ? position : insideScalar(node, finding.offset, position);
}

function step(node: unknown, key: PathKey): { readonly node: unknown; readonly position: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === String(key));
    return pair === undefined ? undefined : { node: pair.value, position: positionOf(pair.key) };
  }
  if (isSeq(node) && typeof key === "number") {
    const item = node.items[key];
    return item === undefined || isAlias(item) ? undefined : { node: item, position: positionOf(item) };
  }
  return undefined;
}

/** The character of a one-line scalar; escapes before it are not counted. */
function insideScalar(node: unknown, offset: number, fallback: number): number {
  if (!isScalar(node) || node.range === undefined || node.range === null) return fallback;
  if (node.type === "PLAIN") return node.range[0] + offset;
  return node.type === "QUOTE_SINGLE" || node.type === "QUOTE_DOUBLE" ? node.range[0] + 1 + offset : node.range[0];
}

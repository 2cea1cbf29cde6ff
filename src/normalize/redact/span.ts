/** A part of a text that is secret: from, and up to but without to. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Adds the secrets of one kind in a text. Takes time linear in the text's length. */
export type SpanFinder = (text: string, found: Span[]) => void;

/** Quotes a text for use in a regular expression. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** One of the texts, the longest first; matches take no steps back, so that the search is linear. */
export function anyOf(texts: readonly string[]): string {
  return [...texts]
    .sort((a, b) => b.length - a.length)
    .map(literal)
    .join("|");
}

/**
 * Calls `visit` with every match of a global expression. `matchAll` copies the expression each time, which costs more than
 * the search of a short text.
 */
export function forEachMatch(regex: RegExp, text: string, visit: (match: RegExpExecArray) => void): void {
  regex.lastIndex = 0;
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) visit(match);
}

/** The text with every span replaced; spans may overlap and come in any order. */
export function replaceSpans(text: string, spans: readonly Span[], replacement: string): string {
  const ordered = [...spans].sort((a, b) => a.from - b.from);
  let shown = "";
  let at = 0;
  for (const { from, to } of ordered) {
    if (from >= at) shown += text.slice(at, from) + replacement;
    at = Math.max(at, to);
  }
  return shown + text.slice(at);
}

import type { RedactionRules } from "./redaction-rules.ts";
import { anyOf, forEachMatch, type SpanFinder } from "./span.ts";

const authority = /[^\s"'`/?#]*/y;

/** The password of `scheme://user:password@host`. */
export function findUrlPasswords(text: string, found: { from: number; to: number }[]): void {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    authority.lastIndex = at + 3;
    const part = authority.exec(text)?.[0] ?? "";
    const colon = part.indexOf(":");
    const end = part.lastIndexOf("@");
    const password = part.slice(colon + 1, end);
    if (colon >= 0 && end > colon + 1 && !password.startsWith("$"))
      found.push({ from: at + 4 + colon, to: at + 3 + end });
  }
}

/** Secrets that show what they are by how they begin: a prefix, then enough characters of a set. */
export function compileTokens(rules: RedactionRules): SpanFinder {
  const kinds = rules.tokens.map(({ begins, chars, min, holds }) => {
    return { begins, min, holds, run: new RegExp(`[${chars}]*`, "y") };
  });
  const byPrefix = new Map(kinds.flatMap((kind) => kind.begins.map((prefix) => [prefix, kind] as const)));
  if (byPrefix.size === 0) return () => undefined;
  const prefixes = new RegExp(`(?<![A-Za-z0-9_])(?:${anyOf([...byPrefix.keys()])})`, "g");
  return (text, found) => {
    forEachMatch(prefixes, text, (match) => {
      const kind = byPrefix.get(match[0]);
      const from = match.index + match[0].length;
      if (kind === undefined) return;
      kind.run.lastIndex = from;
      const run = kind.run.exec(text)?.[0] ?? "";
      if (run.length < kind.min || (kind.holds !== undefined && !run.includes(kind.holds))) return;
      // A prefix that is a word or a place stays: it says what was there.
      const isPlace = /[\s/]$/.test(match[0]);
      found.push({ from: isPlace ? from : match.index, to: from + run.length });
    });
  };
}

/** Blocks such as private keys, up to their end or that of the text. */
export function compileBlocks(rules: RedactionRules): SpanFinder {
  return (text, found) => {
    for (const { begins, must_hold: inside, ends, tail } of rules.blocks) {
      let at = text.indexOf(begins);
      while (at >= 0) {
        const isBlock = text.slice(at, at + 100).includes(inside);
        const end = isBlock ? endOfBlock(text, at, ends, tail) : at + begins.length;
        if (isBlock) found.push({ from: at, to: end });
        at = text.indexOf(begins, end);
      }
    }
  };
}

function endOfBlock(text: string, at: number, ends: string, tail: string): number {
  const end = text.indexOf(ends, at);
  if (end < 0) return text.length;
  const last = text.slice(end, end + 100).indexOf(tail);
  return last < 0 ? text.length : end + last + tail.length;
}

import type { RedactionRules } from "./redaction-rules.ts";
import { anyOf, forEachMatch, type SpanFinder } from "./span.ts";

/** How far in front of the pipe the words that were printed are looked for. */
const maxBefore = 2000;

/** What `echo` or `printf` prints into a program that reads a password: `echo SECRET | sudo -S id`. */
export function compilePiped(rules: RedactionRules): SpanFinder {
  if (rules.piped_into.length === 0) return () => undefined;
  const readers = new RegExp(anyOf(rules.piped_into), "g");
  return (text, found) => {
    let done = 0;
    forEachMatch(readers, text, (match) => {
      const pipe = text.lastIndexOf("|", match.index);
      if (pipe < done || match.index - pipe > 100) return;
      const before = text.slice(Math.max(done, pipe - maxBefore), pipe);
      done = pipe + 1;
      const printed = [...before.matchAll(/(?<![\w.-])(?:echo|printf)\s/g)].at(-1);
      if (printed === undefined) return;
      const from = pipe - before.length + printed.index + printed[0].length;
      addWords(text, from, pipe, found);
    });
  };
}

/** Each word but options and references; of `user:secret` the part behind the colon. */
function addWords(text: string, from: number, to: number, found: { from: number; to: number }[]): void {
  for (const word of text.slice(from, to).matchAll(/[^\s"'`]+/g)) {
    if (/^(?:[-$`]|%s|\\n$)/.test(word[0])) continue;
    const user = /^[A-Za-z_][\w.-]{0,40}:/.exec(word[0])?.[0].length ?? 0;
    const start = from + word.index + user;
    const length = word[0].length - user;
    if (length > 0 && text.charAt(start) !== "$") found.push({ from: start, to: start + length });
  }
}

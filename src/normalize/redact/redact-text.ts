import { compileAssignments, compileFullNames, compilePhrases } from "./find-assignments.ts";
import { compileOptions } from "./find-options.ts";
import { compilePiped } from "./find-piped.ts";
import { compileBlocks, compileTokens, findUrlPasswords } from "./find-tokens.ts";
import { compileValueReader } from "./read-value.ts";
import type { RedactionRules } from "./redaction-rules.ts";
import { replaceSpans, type Span } from "./span.ts";

/** Gives a text with its secrets replaced by `<redacted>`; the same text where there are none. */
export type Redactor = (text: string) => string;

const replacement = "<redacted>";

/**
 * Compiles redaction rules once. Only searches for literals, and runs of characters, are made of the rules, never a
 * regular expression with choices inside a repetition, so the time is linear in the text's length whatever it holds.
 * Redacting twice changes nothing more.
 */
export function compileRedactor(rules: RedactionRules): Redactor {
  const readValue = compileValueReader(rules);
  const finders = [
    compileAssignments(rules, readValue),
    compileFullNames(rules, readValue),
    compilePhrases(rules, readValue),
    findUrlPasswords,
    compileTokens(rules),
    compileBlocks(rules),
    compileOptions(rules, readValue),
    compilePiped(rules),
  ];
  return (text) => {
    const spans: Span[] = [];
    for (const find of finders) find(text, spans);
    return spans.length === 0 ? text : replaceSpans(text, spans, replacement);
  };
}

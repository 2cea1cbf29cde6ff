/** A code unit pair, a lone surrogate, or a byte order mark: where tokenizers disagree. */
const DIVERGENT = /[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]|\uFEFF/g;

/** At least one character that is neither blank, control, format, unassigned, nor our own replacement. */
const READABLE = /[^\p{C}\p{Z}\uFFFD]/u;

/**
 * What the encoder reads of an event's text: trimmed, cut to `maxChars` UTF-16 units (never inside a character), and
 * with characters beyond U+FFFF, lone surrogates and byte order marks each replaced by U+FFFD. Empty when nothing
 * readable is left. Idempotent, so the result serves as the exact key of a cache.
 *
 * The cut comes before tokenizing because tokenizers read a whole text before they truncate it. The replacement is for
 * two reasons: implementations of one tokenizer split such characters differently, and a word-piece model turns a whole
 * word into `[UNK]` when it holds one of them, so that a decorated command would hide; U+FFFD itself is skipped.
 */
export function prepareText(text: string, maxChars: number): string {
  const readable = cut(text.trim(), maxChars).replace(DIVERGENT, "\uFFFD");
  return READABLE.test(readable) ? readable : "";
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = text.charCodeAt(maxChars - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits ? maxChars - 1 : maxChars).trimEnd();
}

import { Tokenizer } from "@huggingface/tokenizers";

/** Turns prepared texts into token ids. */
export interface TextTokenizer {
  /** Ids with the special tokens around them, at most `maxTokens`. */
  tokenize(text: string): readonly number[];
}

/** What a tokenizer is made of: the parsed JSON files of the artifact, and its limits. */
export interface TextTokenizerSettings {
  readonly tokenizer: object;
  readonly tokenizerConfig: object;
  readonly queryPrefix: string;
  readonly maxTokens: number;
}

/**
 * Builds the tokenizer. Truncation cuts the text's own tokens and keeps the special ones, as the reference does.
 * Throws what the tokenizer library throws on files it does not understand.
 */
export function createTextTokenizer(settings: TextTokenizerSettings): TextTokenizer {
  const tokenizer = new Tokenizer(settings.tokenizer, settings.tokenizerConfig);
  const { leading, trailing } = specialTokens(tokenizer);
  const room = settings.maxTokens - leading.length - trailing.length;
  if (room < 1) throw new Error(`max_tokens ${settings.maxTokens} leaves no room for text`);
  return {
    tokenize(text) {
      const ids: readonly number[] = tokenizer.encode(settings.queryPrefix + text, { add_special_tokens: false }).ids;
      return [...leading, ...(ids.length > room ? ids.slice(0, room) : ids), ...trailing];
    },
  };
}

/** The special tokens before and after any text, read off a probe. */
function specialTokens(tokenizer: Tokenizer): { leading: readonly number[]; trailing: readonly number[] } {
  const bare: readonly number[] = tokenizer.encode("a", { add_special_tokens: false }).ids;
  const full: readonly number[] = tokenizer.encode("a").ids;
  for (let start = 0; start + bare.length <= full.length; start++) {
    if (!bare.every((id, offset) => full[start + offset] === id)) continue;
    return { leading: full.slice(0, start), trailing: full.slice(start + bare.length) };
  }
  throw new Error("the tokenizer's special tokens do not stand around the text");
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTextTokenizer } from "../../src/label/text-tokenizer.ts";

const model = join(import.meta.dirname, "../../models/tagsmith-small");
const files = {
  tokenizer: JSON.parse(readFileSync(join(model, "tokenizer.json"), "utf8")),
  tokenizerConfig: JSON.parse(readFileSync(join(model, "tokenizer_config.json"), "utf8")),
};
const CLS = 101;
const SEP = 102;

describe("createTextTokenizer", () => {
  const tokenizer = createTextTokenizer({ ...files, queryPrefix: "", maxTokens: 16 });

  it("puts the special tokens around the text", () => {
    const ids = tokenizer.tokenize("cat /etc/passwd");
    expect([ids[0], ids.at(-1)]).toEqual([CLS, SEP]);
    expect(ids.length).toBeGreaterThan(4);
  });

  it("cuts the text's own tokens and keeps the closing one", () => {
    const ids = tokenizer.tokenize("a b c d e f g h i j k l m n o p q r s t");
    expect(ids).toHaveLength(16);
    expect(ids.at(-1)).toBe(SEP);
    expect(ids.slice(0, 15)).toEqual(tokenizer.tokenize("a b c d e f g h i j k l m n").slice(0, 15));
  });

  it("reads the prefix before the text", () => {
    const prefixed = createTextTokenizer({ ...files, queryPrefix: "audit event: ", maxTokens: 16 });
    expect(prefixed.tokenize("id")).toEqual(tokenizer.tokenize("audit event: id"));
  });

  it("skips the replacement character, so that a decorated word stays readable", () => {
    expect(tokenizer.tokenize("nc\uFFFD -e")).toEqual(tokenizer.tokenize("nc -e"));
  });

  it("refuses a limit that leaves no room for text", () => {
    expect(() => createTextTokenizer({ ...files, queryPrefix: "", maxTokens: 2 })).toThrow("no room");
  });
});

import { describe, expect, it } from "vitest";
import { prepareText } from "../../src/label/prepare-text.ts";

describe("prepareText", () => {
  it("trims and leaves an ordinary command as it is", () => {
    expect(prepareText("  ls -la /etc\n", 1024)).toBe("ls -la /etc");
  });

  it("cuts to the limit and trims what the cut laid bare", () => {
    expect(prepareText("abcd efgh", 5)).toBe("abcd");
  });

  it("never cuts inside a surrogate pair", () => {
    expect(prepareText("abc\u{1F600}", 4)).toBe("abc");
    expect(prepareText("abc\u{1F600}", 5)).toBe("abc\uFFFD");
  });

  it("replaces lone surrogates, characters beyond U+FFFF and inner byte order marks, one for one", () => {
    expect(prepareText("a\uD800b \uDC00c", 1024)).toBe("a\uFFFDb \uFFFDc");
    expect(prepareText("nc\u{1F600}\u{20000} -e", 1024)).toBe("nc\uFFFD\uFFFD -e");
    expect(prepareText("cat\uFEFF/etc/shadow", 1024)).toBe("cat\uFFFD/etc/shadow");
  });

  it.each([
    ["the empty text", ""],
    ["white space", " \t\r\n\u00A0\u3000"],
    ["NUL and other control characters", "\0\u0001\u001F\u007F"],
    ["zero-width characters", "\u200B\u200D\u2060"],
    ["emoji alone", "\u{1F600}\u{1F680}"],
    ["lone surrogates alone", "\uD800\uDC00\uDFFF\uD800"],
  ])("finds nothing to read in %s", (_, text) => {
    expect(prepareText(text, 1024)).toBe("");
  });

  it("keeps a command with a NUL inside", () => {
    expect(prepareText("ls\0-la", 1024)).toBe("ls\0-la");
  });

  it("takes a 10 MB text in a moment", () => {
    const start = performance.now();
    expect(prepareText(`${" ".repeat(5_000_000)}${"A".repeat(5_000_000)}`, 1024)).toBe("A".repeat(1024));
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

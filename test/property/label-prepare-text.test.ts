import fc from "fast-check";
import { expect, it } from "vitest";
import { prepareText } from "../../src/label/prepare-text.ts";

const hostileText = fc
  .string({ unit: "binary", maxLength: 60 })
  .chain((text) =>
    fc.constantFrom("", "\uD800", "\uDC00", "\uFEFF", "\0", " ", "\u{1F600}").map((odd) => text + odd + text),
  );

it("gives a text within the limit, well formed, without characters beyond U+FFFF, and the same when prepared again", () => {
  fc.assert(
    fc.property(hostileText, fc.integer({ min: 1, max: 80 }), (text, maxChars) => {
      const prepared = prepareText(text, maxChars);
      expect(prepared.length).toBeLessThanOrEqual(maxChars);
      expect(prepared.isWellFormed()).toBe(true);
      expect(/[\u{10000}-\u{10FFFF}\uFEFF]/u.test(prepared)).toBe(false);
      expect(prepareText(prepared, maxChars)).toBe(prepared);
    }),
    { numRuns: 2_000 },
  );
});

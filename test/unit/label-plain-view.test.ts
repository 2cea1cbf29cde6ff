import { describe, expect, it } from "vitest";
import { plainView } from "../../src/label/plain-view.ts";

describe("plainView", () => {
  it.each([
    ["c'a't /e\"t\"c/sh''adow", "cat /etc/shadow"],
    ["cat$" + "{IFS}/etc/pa\\ss\\wd", "cat /etc/passwd"],
    ["cat$IFS$9/etc/passwd", "cat /etc/passwd"],
    ["w\\h\\o\\am\\i", "whoami"],
    ["\\rm -rf /tmp/x", "rm -rf /tmp/x"],
    ["ｃａｔ /etc/passwd", "cat /etc/passwd"],
  ])("reads %j as the shell does", (text, view) => {
    expect(plainView(text)).toBe(view);
  });

  it.each([
    "grep 'foo bar' notes.txt",
    'bash -c "cat /etc/hosts"',
    "echo -e '\\x63\\x61\\x74'",
    "printf '\\143\\141'",
    "find . -name '*.log' -exec rm {} \\;",
    "awk '{print $1}' /etc/hosts",
  ])("leaves %j as it is", (text) => {
    expect(plainView(text)).toBe(text);
  });

  it("takes time in proportion to the text's length on quotes and backslashes without end", () => {
    for (const part of ["'", '"', "\\", "\\a", "'a", "$" + "{IFS", "a''"]) {
      expect(plainView(part.repeat(100_000)).length).toBeLessThanOrEqual(part.length * 100_000);
    }
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readFullYaml } from "../../src/sigma/parse/read-full-yaml.ts";
import { readPlainYaml } from "../../src/sigma/parse/read-plain-yaml.ts";

/** What the quick reader reads must be what the full one reads; most of it may be left to the full one. */
function agrees(text: string): boolean {
  const quick = readPlainYaml(text);
  if (quick === undefined) return false;
  const full = readFullYaml(text).map((document) => {
    if (document.kind === "broken") throw new Error(`read, though broken: ${JSON.stringify(text)}`);
    return document.value;
  });
  // An empty text has no document for one, an empty document for the other.
  const filled = (values: readonly unknown[]): readonly unknown[] =>
    values.every((one) => one === null) ? [] : values;
  expect(filled(quick), JSON.stringify(text)).toEqual(filled(full));
  return true;
}

const scalar = fc.oneof(
  fc.stringMatching(/^[-a-c :#'"?|>%@&*!{}[\],.0-9\\\n]{0,12}$/),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom(
    "yes",
    "0x1F",
    "1:30",
    "~",
    "- a",
    "a: b",
    "a #b",
    "a:",
    "#c",
    "'",
    "\\x41",
    "two\nlines\n",
    "\n\nx\n\n",
    " x",
    "x ",
  ),
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("value"), { maxLength: 3 }), tie("map")),
  map: fc.dictionary(
    fc.oneof(fc.stringMatching(/^[a-c|*.' -]{1,6}$/), fc.constantFrom("a|b", "<<", "'q", "k")),
    tie("value"),
    { maxKeys: 4 },
  ),
}));
const line = fc.stringMatching(/^ {0,4}(- ){0,2}('|")?[a-c#:|>&*?'" -]{0,8}('|")?(: ?)?[-a-c#|>'"\\ ]{0,6}$/);

describe("the quick YAML reader", () => {
  it("agrees with the full one on what YAML writers write", () => {
    let read = 0;
    const options = fc.record({ indent: fc.constantFrom(2, 4), indentSeq: fc.boolean(), lineWidth: fc.constant(0) });
    fc.assert(
      fc.property(tree.map, options, (value, settings) => {
        if (agrees(stringify(value, settings))) read += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it("agrees with the full one on lines put together at random, right or wrong", () => {
    let read = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 7 }), (lines) => {
        if (agrees(lines.join("\n"))) read += 1;
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  it("agrees with the full one on several documents and odd ends of texts", () => {
    const pieces = fc.constantFrom(
      "a: b",
      "---",
      "--- ",
      "...",
      "",
      "# c",
      "- x",
      "  c: d",
      "a:",
      "- - x: y",
      "k: |",
      "  t",
      "k: |+",
      "\t",
      "%YAML 1.2",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), fc.constantFrom("", "\n", "\n\n"), (lines, end) => {
        agrees(lines.join("\n") + end);
      }),
      { numRuns: 20_000 },
    );
  });
});

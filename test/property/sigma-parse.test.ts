import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lintDocument, loadCollection, parse } from "../../src/sigma/index.ts";
import { parsePattern, writePattern } from "../../src/sigma/parse/string-pattern.ts";

const modifier = fc.constantFrom(
  ..."contains startswith endswith all cased exists neq re i m s base64 base64offset wide utf16 utf16le utf16be windash".split(
    " ",
  ),
  ..."cidr lt lte gt gte minute hour day week month year fieldref expand ignorecase".split(" "),
);
const scalar = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.stringMatching(/^[-/ *?\\%a-c.|()[\]^$+0-9]{0,12}$/),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("10.0.0.0/8", "::/0", "%x%", "(a|b)", " -x /y", "*", "\\*"),
);
const key = fc
  .tuple(fc.constantFrom("F", "G.h", "", "__proto__"), fc.array(modifier, { maxLength: 4 }))
  .map(([field, names]) => [field, ...names].join("|"));
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(scalar, { maxLength: 4 }),
    tie("map"),
    fc.array(tie("map"), { maxLength: 3 }),
  ),
  map: fc.dictionary(key, tie("value"), { maxKeys: 4 }),
}));
const condition = fc.oneof(
  fc
    .array(fc.constantFrom("a", "b", "not", "and", "or", "(", ")", "1", "all", "of", "them", "a*", "|", "*"), {
      maxLength: 12,
    })
    .map((words) => words.join(" ")),
  fc.constantFrom("a", "1 of them", "all of a*"),
);
const document = fc.record(
  {
    title: fc.constantFrom("T", 5, null),
    logsource: fc.constantFrom({ product: "linux" }, {}, null, "x"),
    id: scalar,
    level: scalar,
    tags: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
    related: fc.oneof(scalar, fc.array(fc.dictionary(fc.constantFrom("id", "type"), scalar), { maxLength: 2 })),
    detection: fc.record(
      { a: tree.value, b: tree.value, condition: fc.oneof(condition, scalar) },
      { requiredKeys: [] },
    ),
    correlation: fc.record(
      {
        type: fc.constantFrom("event_count", "temporal", "value_count", "value_percentile", 5),
        rules: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
        timespan: fc.constantFrom("5m", "1 y", 5, "0s"),
        condition: fc.oneof(condition, fc.dictionary(fc.constantFrom("gte", "lt", "field", "percentile", "x"), scalar)),
        aliases: tree.value,
      },
      { requiredKeys: [] },
    ),
    filter: fc.record({ rules: fc.oneof(scalar, fc.array(scalar)), a: tree.value, condition }, { requiredKeys: [] }),
    action: fc.constantFrom("global", "repeat", "reset", "x"),
  },
  { requiredKeys: [] },
);

/** Every problem has a place in the text, and what was read can be looked at. */
function holds(text: string): void {
  const { documents, problems } = parse(text);
  const lines = text.split("\n").length;
  for (const { line, column, message, hint } of problems) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(message.length * hint.length).toBeGreaterThan(0);
  }
  for (const { document: read } of documents) lintDocument(read);
  loadCollection([{ file: "a", text }]);
}

describe("the parser", () => {
  it("reads or refuses any text", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), holds), { numRuns: 500 });
    fc.assert(fc.property(fc.stringMatching(/^[-:{}[\]&*!|>'"%@`#?, \na-c]{0,60}$/), holds), { numRuns: 1_500 });
  });

  it("reads or refuses any document, several in a file too", () => {
    const texts = fc
      .array(document, { minLength: 1, maxLength: 3 })
      .map((all) => all.map((one) => JSON.stringify(one)).join("\n---\n"));
    fc.assert(fc.property(texts, holds), { numRuns: 1_500 });
  });

  it("reads or refuses any rule that begins well", () => {
    const rule = fc
      .record({ value: tree.value, condition })
      .map(({ value, condition: text }) =>
        JSON.stringify({ title: "T", logsource: { product: "l" }, detection: { a: value, condition: text } }),
      );
    fc.assert(fc.property(rule, holds), { numRuns: 2_000 });
  });

  it("reads back what it writes of a pattern", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[\\*?a]{0,10}$/));
    fc.assert(
      fc.property(text, (written) => {
        const parts = parsePattern(written);
        expect(parsePattern(writePattern(parts))).toEqual(parts);
      }),
      { numRuns: 2_000 },
    );
  });
});

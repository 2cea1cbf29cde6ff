import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExactJson } from "../../src/sdk/parse-exact-json.ts";

describe("exact JSON", () => {
  it.each([
    ['{"id":12345678901234567890}', { id: "12345678901234567890" }],
    ['{"id":-9223372036854775808,"n":1}', { id: "-9223372036854775808", n: 1 }],
    ["[9007199254740991, 9007199254740993]", [9007199254740991, "9007199254740993"]],
    ['{"t":1780000000.123456789}', { t: "1780000000.123456789" }],
    ['{"t":1780000000.1230000000}', { t: 1780000000.123 }],
    ['{"t":0.30000000000000004}', { t: 0.30000000000000004 }],
    [
      '{"s":"x: 12345678901234567890","\\\\":12345678901234567891}',
      { s: "x: 12345678901234567890", "\\": "12345678901234567891" },
    ],
    ['{"s":"\\\\\\" : 12345678901234567890"}', { s: '\\" : 12345678901234567890' }],
    ["12345678901234567890", Number("12345678901234567890")],
    [" 12345678901234567890", "12345678901234567890"],
    ['{"e":1234567890123456789e3}', { e: Number("1234567890123456789e3") }],
  ])("reads %s", (text, value) => {
    expect(parseExactJson(text)).toStrictEqual(value);
  });

  it.each([
    '{"a":01234567890123456789}',
    "{1234567890123456789:1}",
    "[ 12345678901234567890,]",
    '{"a": -}',
    '"x: 12345678901234567890',
  ])("refuses %s as JSON.parse does", (text) => {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  });

  it("gives what JSON.parse gives where no number is long", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const parsed = parseExactJson(text);
        expect(JSON.stringify(parsed)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps the digits of every whole number, whatever stands around it", () => {
    const around = fc.oneof(fc.string(), fc.constantFrom('"', "\\", '\\"', ": 1234567890123456789"));
    fc.assert(
      fc.property(around, fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), around, (key, number, text) => {
        const parsed = parseExactJson(`{${JSON.stringify(`k${key}`)}:${number},"z":${JSON.stringify(text)}}`);
        expect(Object.values(Object(parsed)).map(String)).toEqual([String(number), text]);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes no longer than its length asks for", () => {
    const texts = [
      `[${"1".repeat(1_000_000)}]`,
      `["${"\\\\".repeat(500_000)}", 12345678901234567890]`,
      `[${"12345678901234567890,".repeat(50_000)}1]`,
      `[ 0.${"0".repeat(1_000_000)}]`,
      `${"[ ".repeat(500_000)}12345678901234567890${"]".repeat(500_000)}`,
    ];
    const start = process.cpuUsage().user;
    for (const text of texts) parseExactJson(text);
    expect(process.cpuUsage().user - start).toBeLessThan(10_000_000);
  });
});

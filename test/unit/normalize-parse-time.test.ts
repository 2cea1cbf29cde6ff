import fc from "fast-check";
import { expect, it } from "vitest";
import { parseTime } from "../../src/normalize/parse-time.ts";

it.each([
  ["rfc3339", "2026-01-02T03:04:05Z", 1767323045000],
  ["rfc3339", "2026-01-02T03:04:05.678Z", 1767323045678],
  ["rfc3339", "2026-01-02T03:04:05.678901234Z", Number("1767323045678.901234")],
  ["rfc3339", "2026-01-02 03:04:05.6", 1767323045600],
  ["rfc3339", "2026-01-02T05:04:05+02:00", 1767323045000],
  ["rfc3339", "2026-01-02T01:34:05-0130", 1767323045000],
  ["rfc3339", "0001-01-01T00:00:00Z", -62135596800000],
  ["rfc3339", "1767323045678", 1767323045678],
  ["epoch_s", "1767323045.678", 1767323045678],
  ["epoch_s", "1767323045", 1767323045000],
  ["epoch_ms", "1767323045678", 1767323045678],
  ["epoch_us", "1767323045678901", 1767323045678.901],
  ["epoch_ns", "1767323045678901234", Number("1767323045678.901234")],
  ["epoch_s", "-1.5", -1500],
] as const)("reads %s %s", (format, text, ms) => {
  expect(parseTime(format, text)).toBe(ms);
});

it.each([
  ["rfc3339", "yesterday"],
  ["rfc3339", "1767323045"],
  ["rfc3339", "1767323045678901"],
  ["rfc3339", "2026-13-02T03:04:05Z"],
  ["rfc3339", "2026-01-02T03:04:05.Z"],
  ["rfc3339", "2026-01-02T03:04:0xZ"],
  ["rfc3339", `${"9".repeat(5000)}Z`],
  ["epoch_ms", "12e5"],
  ["epoch_s", ""],
  ["epoch_ns", "NaN"],
] as const)("finds no %s in %s", (format, text) => {
  expect(parseTime(format, text)).toBeUndefined();
});

it("agrees with Date on every millisecond it can write", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date("9999-01-01T00:00:00Z"), noInvalidDate: true }), (date) => {
      expect(parseTime("rfc3339", date.toISOString())).toBe(date.getTime());
      expect(parseTime("epoch_ms", String(date.getTime()))).toBe(date.getTime());
    }),
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom, type Random } from "../../samples/random.ts";
import { compileMatcher } from "../../src/sigma/match/compile-matcher.ts";
import { interpretRule } from "../../src/sigma/match/interpret-rule.ts";
import { event, rule } from "../property/sigma-samples.ts";

const inputs = 1_000_000;

/** Values that break things: long, deep, wide, not well-formed, of every type. */
const hostile: readonly unknown[] = [
  "a".repeat(10_000),
  "\\".repeat(1_000),
  "\ud800",
  "\udc00\ud800",
  "\u0000",
  "İıſςΣK",
  "🏴‍☠️",
  "1e999",
  "-0",
  "0x10",
  " 12 ",
  "::ffff:10.0.0.1",
  "fe80::1%eth0",
  "999.1.1.1",
  "9999-99-99T99:99:99Z",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -0,
  2 ** 60,
  12n,
  undefined,
  null,
  [],
  {},
  [[[[]]]],
  { a: { a: { a: {} } } },
  Object.create(null),
  new Date(0),
  Symbol("s"),
];

function mixed(
  events: readonly Readonly<Record<string, unknown>>[],
  random: Random,
): Readonly<Record<string, unknown>> {
  const base = { ...random.pick(events), ...random.pick(events) };
  const key = random.pick(["a", "b", "a.b", "a.b.c", "d", "constructor", "__proto__", "toString", ""]);
  return random.below(2) === 0 ? base : { ...base, [key]: hostile[random.below(hostile.length)] };
}

describe("the matcher", () => {
  it("takes a million events of any kind, and says of a sample what the interpreter says", () => {
    const rules = fc.sample(rule, { seed: 5, numRuns: 40 });
    const events = fc.sample(event, { seed: 6, numRuns: 5_000 });
    const matcher = compileMatcher(rules);
    const random = createRandom(7);
    let matches = 0;
    for (let input = 0; input < inputs; input += 1) {
      const sample = mixed(events, random);
      const found = matcher.match(sample);
      matches += found.length;
      if (input % 200 !== 0) continue;
      expect(found).toEqual(rules.flatMap((each, index) => (interpretRule(each, sample) ? [index] : [])));
    }
    expect(matches).toBeGreaterThan(inputs);
  });
});

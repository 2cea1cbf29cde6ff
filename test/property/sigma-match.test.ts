import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AhoCorasick } from "../../src/sigma/match/aho-corasick.ts";
import { CidrTrie } from "../../src/sigma/match/cidr-trie.ts";
import { compileMatcher } from "../../src/sigma/match/compile-matcher.ts";
import { interpretRule } from "../../src/sigma/match/interpret-rule.ts";
import { inNetwork } from "../../src/sigma/match/ip-address.ts";
import { matchesText, textPattern } from "../../src/sigma/match/match-string.ts";
import { regexLiteral } from "../../src/sigma/match/regex-literal.ts";
import { event, rule, text } from "./sigma-samples.ts";

describe("the compiled matcher", () => {
  it("agrees with the interpreter on generated rules and events", () => {
    let matched = 0;
    let asked = 0;
    const property = fc.property(
      fc.array(rule, { minLength: 1, maxLength: 5 }),
      fc.array(event, { minLength: 1, maxLength: 5 }),
      (rules, events) => {
        const matcher = compileMatcher(rules);
        for (const sample of events) {
          const expected = rules.flatMap((each, index) => (interpretRule(each, sample) ? [index] : []));
          matched += expected.length;
          asked += rules.length;
          expect(matcher.match(sample)).toEqual(expected);
        }
      },
    );
    fc.assert(property, { numRuns: 3_000 });
    expect(matched / asked).toBeGreaterThan(0.2);
    expect(matched / asked).toBeLessThan(0.8);
  });
});

describe("Aho-Corasick", () => {
  it("finds every place where a needle ends", () => {
    const needles = fc.uniqueArray(
      fc.string({ unit: fc.constantFrom("a", "b", "c", "é"), minLength: 1, maxLength: 5 }),
      { maxLength: 12 },
    );
    const haystack = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "z"), maxLength: 40 });
    const property = fc.property(needles, haystack, (list, where) => {
      const found: string[] = [];
      new AhoCorasick(list).scan(where, { onNeedle: (needle, end) => found.push(`${list[needle]}@${end}`) });
      const expected = list.flatMap((needle) =>
        Array.from({ length: where.length + 1 }, (_, end) => end)
          .filter((end) => where.slice(0, end).endsWith(needle))
          .map((end) => `${needle}@${end}`),
      );
      expect(found.sort()).toEqual(expected.sort());
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});

describe("wildcards", () => {
  it("cover the texts that the same regex covers", () => {
    const parts = fc.array(
      fc.oneof(
        text.filter((part) => part !== ""),
        fc.constantFrom({ kind: "any" as const }, { kind: "one" as const }),
      ),
      { maxLength: 5 },
    );
    const property = fc.property(parts, text, fc.boolean(), (list, sample, cased) => {
      const source = list
        .map((part) =>
          typeof part === "string" ? part.replaceAll(/[\\.]/g, "\\$&") : part.kind === "any" ? "[^]*" : "[^]",
        )
        .join("");
      const expected = cased ? new RegExp(`^${source}$`, "u").test(sample) : undefined;
      const actual = matchesText(textPattern({ kind: "string", parts: list, cased }), sample);
      if (expected !== undefined) expect(actual).toBe(expected);
    });
    fc.assert(property, { numRuns: 3_000 });
  });
});

describe("the network trie", () => {
  it("finds the networks that hold an address", () => {
    const address = fc
      .constantFrom(4, 16)
      .chain((length) => fc.array(fc.constantFrom(0, 1, 10, 255), { minLength: length, maxLength: length }));
    const network = address.chain((bytes) =>
      fc.record({ address: fc.constant(bytes), prefix: fc.nat(bytes.length * 8) }),
    );
    const property = fc.property(fc.array(network, { maxLength: 8 }), address, (networks, sought) => {
      const trie = new CidrTrie();
      for (const [mark, each] of networks.entries()) trie.add(each, mark);
      const found: number[] = [];
      trie.find(sought, (mark) => found.push(mark));
      expect(found.sort()).toEqual(networks.flatMap((each, mark) => (inNetwork(sought, each) ? [mark] : [])));
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});

describe("the literal of a regex", () => {
  it("is in every text the regex matches", () => {
    const piece = fc.constantFrom(
      "a",
      "b",
      "\\.",
      ".",
      "(a|b)",
      "[ab]",
      "a?",
      "b*",
      "a+",
      "(?:ab)?",
      "\\d",
      "a{2}",
      "^",
      "$",
      "|",
      "x{,",
      "[]a]",
      "\\x61",
    );
    const property = fc.property(fc.array(piece, { maxLength: 6 }), text, (pieces, sample) => {
      const source = pieces.join("");
      const literal = regexLiteral(source, false);
      fc.pre(literal !== undefined);
      let matches = false;
      try {
        matches = new RegExp(source).test(sample);
      } catch {
        fc.pre(false);
      }
      if (matches && literal !== undefined) expect(sample).toContain(literal);
    });
    fc.assert(property, { numRuns: 3_000 });
  });
});

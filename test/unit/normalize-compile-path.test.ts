import { describe, expect, it } from "vitest";
import { asCommand, asJoined, asText, wrongType } from "../../src/normalize/coerce-value.ts";
import { compileExists } from "../../src/normalize/compile-exists.ts";
import { compilePath } from "../../src/normalize/compile-path.ts";
import { parseJson } from "../../src/normalize/parse-json.ts";
import type { Document } from "../../src/sdk/document.ts";

describe("document accessor", () => {
  const read = compilePath("process.parent.args");

  it.each<[string, Document]>([
    ["nested", { process: { parent: { args: ["a"] } } }],
    ["dotted", { "process.parent.args": ["a"] }],
    ["dotted inside nested", { process: { "parent.args": ["a"] } }],
    ["nested inside dotted", { "process.parent": { args: ["a"] } }],
    ["both forms in one document", { process: { pid: 1 }, "process.parent.args": ["a"] }],
    ["null in the nested form", { process: { parent: { args: null } }, "process.parent.args": ["a"] }],
    ["a list of one object on the way", { process: [{ parent: { args: ["a"] } }] }],
  ])("finds a field written %s", (_, document) => {
    expect(read(document)).toEqual(["a"]);
  });

  it("takes the nested form where both are there", () => {
    expect(compilePath("event.kind")({ event: { kind: "nested" }, "event.kind": "dotted" })).toBe("nested");
  });

  it("reads own properties only", () => {
    for (const name of ["constructor", "__proto__", "toString.name", "constructor.name", "hasOwnProperty"]) {
      expect(compilePath(name)({})).toBeUndefined();
    }
    const own: Document = JSON.parse('{"__proto__": {"admin": "own"}, "constructor": "mine"}');
    expect(compilePath("__proto__.admin")(own)).toBe("own");
    expect(compilePath("constructor")(own)).toBe("mine");
  });

  it("does not mind 10,000 levels, keys of a megabyte or scalars on the way", () => {
    const deep = parseJson(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`);
    expect(typeof compilePath("a.a.a.a.a.a.a.a")({ a: deep })).toBe("object");
    expect(read({ ["x".repeat(1_000_000)]: 1, process: "bash" })).toBeUndefined();
    expect(read({ process: { parent: 7 } })).toBeUndefined();
  });

  it.each(["", "a..b", ".a", "a.", "a.b.c.d.e.f.g.h.i"])("refuses the path %j", (path) => {
    expect(() => compilePath(path)).toThrow(/not a field path/);
  });

  it("counts a field as there when only one under it is, and not when that is null", () => {
    const has = compileExists("process");
    expect([{ process: {} }, { "process.args": 1 }, { "process.args": null }, { processes: 1 }].map(has)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(compileExists("a.b")({ a: { "b.c": 1 } })).toBe(true);
  });
});

describe("coercion", () => {
  it("writes out scalars, takes the first of a list, and calls an object the wrong type", () => {
    expect([5, true, ["", null, "b"], " ", null, [], {}, [{}]].map(asText)).toEqual([
      "5",
      "true",
      "b",
      undefined,
      undefined,
      undefined,
      wrongType,
      wrongType,
    ]);
  });

  it("never takes a number or object for a command", () => {
    expect(["id", ["id", "-u"], 5, {}, true, undefined].map(asCommand)).toEqual([
      "id",
      "id -u",
      wrongType,
      wrongType,
      wrongType,
      undefined,
    ]);
  });

  it("joins arguments by one space without quoting, at any number", () => {
    expect(asJoined(["sh", "-c", "a  b | c", 8080, null, ""])).toBe("sh -c a  b | c 8080 ");
    expect(asJoined(Array.from({ length: 100_000 }, () => "x"))).toHaveLength(199_999);
  });
});

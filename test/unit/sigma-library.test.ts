import { describe, expect, it } from "vitest";

describe("the package", () => {
  it("gives the Sigma library under tagsmith/sigma", async () => {
    const { parse } = await import("tagsmith/sigma");
    const { documents } = parse("title: T\nlogsource: {product: linux}\ndetection: {a: x, condition: a}\n");
    expect(documents).toMatchObject([{ index: 0, document: { kind: "rule", metadata: { title: "T" } } }]);
  });
});

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { supportTables } from "./sigma-support.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/sigma-targets.md"), "utf8");

describe("the page of Sigma's targets", () => {
  it("holds the tables that the compilers give", () => {
    const [, inner = ""] = /<!-- tables -->\n([\s\S]*)\n<!-- end of tables -->/.exec(page) ?? [];
    expect(inner).toBe(supportTables());
  });
});

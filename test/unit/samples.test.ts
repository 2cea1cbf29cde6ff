import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { generateSamples } from "../../samples/generate.ts";

const folder = resolve(import.meta.dirname, "../../samples/data");

function plain(name: string, bytes: Buffer): string {
  return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

describe("bundled samples", () => {
  it("are what the generator writes", () => {
    const generated = generateSamples(2026);
    expect(readdirSync(folder).sort()).toEqual([...generated.keys()].sort());
    for (const [name, bytes] of generated) {
      expect(plain(name, readFileSync(join(folder, name))) === plain(name, bytes), name).toBe(true);
    }
  });
});

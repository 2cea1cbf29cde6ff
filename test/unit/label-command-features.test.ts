import { describe, expect, it } from "vitest";
import { createFeatureBuffer, readFeatures } from "../../src/label/command-features.ts";
import { fillBags, splitTables } from "../../src/label/feature-bags.ts";

function featuresOf(view: string): { readonly words: readonly number[]; readonly grams: readonly number[] } {
  const buffer = createFeatureBuffer();
  readFeatures(view, buffer);
  return {
    words: [...buffer.words.subarray(0, buffer.wordCount)],
    grams: [...buffer.grams.subarray(0, buffer.gramCount)],
  };
}

const shared = (a: readonly number[], b: readonly number[]): number => a.filter((hash) => b.includes(hash)).length;

describe("readFeatures", () => {
  it("gives each feature once", () => {
    const { words, grams } = featuresOf("echo a; echo a; echo a; echo a");
    expect(new Set(words).size).toBe(words.length);
    expect(new Set(grams).size).toBe(grams.length);
  });

  it("tells the same option of two commands apart, but not of one command behind a wrapper", () => {
    const own = featuresOf("tar -x archive.tar").words;
    expect(shared(own, featuresOf("sudo tar -x archive.tar").words)).toBeGreaterThan(
      shared(own, featuresOf("tool -x archive.tar").words),
    );
  });

  it("reads addresses by where they lead", () => {
    const inside = featuresOf("curl 10.1.2.3").words;
    expect(featuresOf("curl 192.168.7.7").words).toEqual(inside);
    expect(featuresOf("curl 203.0.113.9").words).not.toEqual(inside);
    expect(featuresOf("curl 127.0.0.1").words).not.toEqual(inside);
    expect(featuresOf("curl 169.254.169.254").words).not.toEqual(featuresOf("curl 203.0.113.9").words);
  });

  it("tells upper from lower case in words", () => {
    expect(featuresOf("ls -r").words).not.toEqual(featuresOf("ls -R").words);
  });

  it("reads a command run in a container as it reads the command itself", () => {
    const line =
      "k8s_audit verb=create resource=pods subresource=exec namespace=web requestObject=command=tar -xf a.tar";
    const own = featuresOf("tar -xf a.tar").words;
    expect(shared(own, featuresOf(line).words)).toBeGreaterThan(own.length / 2);
    const uri =
      "k8s_audit verb=create resource=pods requestURI=/exec?command=tar&command=-xf&command=a.tar&container=web";
    expect(shared(own, featuresOf(uri).words)).toBeGreaterThan(own.length / 2);
  });

  it("is bounded on long and on strange texts, and the same when its buffer was used before", () => {
    const buffer = createFeatureBuffer();
    for (const text of [
      "a b ".repeat(5_000),
      "\uD800".repeat(900),
      "|".repeat(900),
      `k8s_audit ${"a=b ".repeat(900)}`,
      "",
      " ",
      "é".repeat(1_024),
    ]) {
      readFeatures(text, buffer);
      expect(buffer.wordCount).toBeLessThanOrEqual(buffer.words.length);
      expect(buffer.gramCount).toBeLessThanOrEqual(buffer.grams.length);
    }
    readFeatures("id -un", buffer);
    expect([...buffer.words.subarray(0, buffer.wordCount)]).toEqual(featuresOf("id -un").words);
  });
});

describe("fillBags", () => {
  const bytes = Uint8Array.from({ length: (16 + 32) * 4 }, (_, at) => (at * 37) % 251);
  const tables = splitTables(bytes, 4, 5, 4);

  it("gives a view the same bags whatever stands beside it", () => {
    const alone = fillBags(["id"], tables);
    const second = fillBags(["cat /etc/hosts", "id"], tables).subarray(8);
    expect([...second]).toEqual([...alone]);
    expect(alone.some((value) => value !== 0)).toBe(true);
  });

  it("refuses a table of another size", () => {
    expect(() => splitTables(bytes.subarray(1), 4, 5, 4)).toThrow("191 bytes, expected 192");
  });
});

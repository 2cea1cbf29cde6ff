import { describe, expect, it } from "vitest";
import type { Encoder, Ranking } from "../../src/label/encoder.ts";
import { createLabelCache } from "../../src/label/label-cache.ts";
import { createLabeller } from "../../src/label/labeller.ts";
import { prepareText } from "../../src/label/prepare-text.ts";

const open = new AbortController().signal;
const TAGS = ["read_file", "list_files", "spawn_shell"].map((label_id) => ({ label_id, axis: `group of ${label_id}` }));
const SELECTION = { minScore: 0.55, maxTags: 4, multiLabelGap: 0.12 };

/** Ranks by text length; writes down what it was asked. */
function recordingEncoder(): Encoder & { readonly asked: string[][] } {
  const asked: string[][] = [];
  const rank = (text: string): Ranking => ({
    indices: Uint16Array.of(text.length % 3, 2, 0),
    scores: Float32Array.of(0.9, 0.8000004, text.length / 1_000),
  });
  return {
    asked,
    topK: 3,
    prepare: (text) => prepareText(text, 100),
    encode: async (texts, signal) => {
      signal.throwIfAborted();
      asked.push([...texts]);
      return texts.map(rank);
    },
    counters: () => ({ texts: 0, unsure: 0, batches: 0, tokens: 0, paddedTokens: 0, retries: 0, queued: 0 }),
    close: async () => undefined,
  };
}

function setUp(maxBytes = 1_000_000) {
  const encoder = recordingEncoder();
  const cache = createLabelCache({ maxBytes });
  return { encoder, cache, labeller: createLabeller({ encoder, cache, tags: TAGS, selection: SELECTION }) };
}

describe("createLabeller", () => {
  it("gives labels with tag, group and rounded score, and the selected tags, frozen", async () => {
    const [labelled] = await setUp().labeller.label(["cat"], open);
    expect(labelled).toEqual({
      labels: [
        { label_id: "read_file", score: 0.9, axis: "group of read_file" },
        { label_id: "spawn_shell", score: 0.8, axis: "group of spawn_shell" },
        { label_id: "read_file", score: 0.003, axis: "group of read_file" },
      ],
      tags: ["read_file", "spawn_shell"],
    });
    expect([labelled, labelled?.labels, labelled?.labels[0], labelled?.tags].every(Object.isFrozen)).toBe(true);
  });

  it("answers in input order and asks the encoder for each distinct text once", async () => {
    const { labeller, encoder } = setUp();
    const results = await labeller.label(["ls", "id -u", "ls", " ls\n", "id -u"], open);
    expect(encoder.asked).toEqual([["ls", "id -u"]]);
    expect(results[0]).toBe(results[2]);
    expect(results[0]).toBe(results[3]);
    expect(results[1]).toBe(results[4]);
    expect(results[0]).not.toEqual(results[1]);
  });

  it("serves a text it has seen from the cache, prepared or not, with the very same result", async () => {
    const { labeller, encoder, cache } = setUp();
    const [first] = await labeller.label(["ls"], open);
    const again = await labeller.label(["ls", "  ls ", "ls\uFEFF"], open);
    expect(again).toEqual([first, first, first]);
    expect(again[1]).toBe(first);
    expect(encoder.asked).toEqual([["ls"]]);
    expect(cache.counters()).toMatchObject({ hits: 3, misses: 1 });
    expect(labeller.counters()).toEqual({ texts: 4, blank: 0, encoded: 1, coalesced: 0 });
  });

  it("gives blank texts no labels and does not trouble the encoder with them", async () => {
    const { labeller, encoder } = setUp();
    const results = await labeller.label(["", "  ", "\0\0", "\u{1F600}"], open);
    expect(results.every((result) => result.labels.length === 0 && result.tags.length === 0)).toBe(true);
    expect(encoder.asked).toEqual([]);
    expect(labeller.counters().blank).toBe(4);
  });

  it("sends a text once when two calls want it at the same time", async () => {
    const { labeller, encoder } = setUp();
    const [first, second] = await Promise.all([labeller.label(["ls"], open), labeller.label(["ls", "id"], open)]);
    expect(encoder.asked).toEqual([["ls"], ["id"]]);
    expect(first[0]).toBe(second[0]);
  });

  it("gives the same labels without a cache", async () => {
    const texts = ["ls", "id -u", "ls"];
    expect(await setUp(0).labeller.label(texts, open)).toEqual(await setUp().labeller.label(texts, open));
  });

  it("rejects with the signal's reason once aborted", async () => {
    const { labeller } = setUp();
    await expect(labeller.label(["ls"], AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
});

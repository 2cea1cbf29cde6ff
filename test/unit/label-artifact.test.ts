import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadVocabulary, type Vocabulary } from "../../src/event/vocabulary.ts";
import { loadArtifact } from "../../src/label/load-artifact.ts";

const VOCABULARY: Vocabulary = {
  vocabulary: "rev20",
  revision: 20,
  groups: { discovery: { points: 0.1, family: "operational" } },
  risk_policy: "test",
  selection: { min_score: 0.55, max_tags: 4, multi_label_gap: 0.12 },
  tags: [
    { id: "read_file", group: "discovery", definition: "Reads a file." },
    { id: "list_files", group: "discovery", definition: "Lists files." },
  ],
};

const TAG_TEXTS = [
  '{"label_id":"list_files","axis":"discovery","text":"Lists files."}',
  '{"label_id":"read_file","axis":"discovery","text":"Reads a file."}',
  "",
].join("\n");

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "artifact-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function writeArtifact(files: Record<string, string> = {}, manifest: Record<string, unknown> = {}): void {
  const contents: Record<string, string> = {
    "model.onnx": "graph",
    "tokenizer.json": "{}",
    "tokenizer_config.json": "{}",
    "semantic_texts.jsonl": TAG_TEXTS,
    ...files,
  };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content);
  const checksums = Object.entries(contents).map(([name, content]) => [
    name,
    { sha256: createHash("sha256").update(content).digest("hex"), bytes: Buffer.byteLength(content) },
  ]);
  writeFileSync(
    join(directory, "manifest.json"),
    JSON.stringify({
      schema: "tagsmith_artifact_v1",
      name: "test-model",
      version: "1.2.3",
      license: "Apache-2.0",
      vocabulary: "rev20",
      encoder: ENCODER,
      tag_texts: "semantic_texts.jsonl",
      files: Object.fromEntries(checksums),
      ...manifest,
    }),
  );
}

const ENCODER = {
  graph: "model.onnx",
  tokenizer: "tokenizer.json",
  tokenizer_config: "tokenizer_config.json",
  query_prefix: "",
  tag_prefix: "",
  max_tokens: 160,
  max_chars: 1024,
  dimensions: 8,
  length_buckets: [8, 160],
  inputs: { ids: "input_ids", mask: "attention_mask", k: "k" },
  outputs: { scores: "scores", indices: "indices" },
};

describe("loadArtifact", () => {
  it("gives absolute paths, the model's name and the tags in the order of the score matrix", async () => {
    writeArtifact();
    const artifact = await loadArtifact(directory, VOCABULARY);
    expect(artifact.model).toBe("test-model@1.2.3");
    expect(artifact.encoder.graph).toBe(join(directory, "model.onnx"));
    expect(artifact.tags.map((tag) => tag.label_id)).toEqual(["list_files", "read_file"]);
    expect(artifact.sessionModel).toBeUndefined();
  });

  it("names the session model where there is one", async () => {
    writeArtifact({ "l2.json": "{}" }, { session: { model: "l2.json" } });
    expect((await loadArtifact(directory, VOCABULARY)).sessionModel).toBe(join(directory, "l2.json"));
  });

  it.each<[string, string, () => void]>([
    ["there is no manifest", "artifact_missing", () => rmSync(join(directory, "manifest.json"))],
    ["the directory is missing", "artifact_missing", () => rmSync(directory, { recursive: true })],
    [
      "the manifest is not JSON",
      "artifact_manifest_invalid",
      () => writeFileSync(join(directory, "manifest.json"), "{"),
    ],
    ["the manifest is of another schema", "artifact_manifest_invalid", () => writeArtifact({}, { schema: "v2" })],
    ["a listed file is missing", "artifact_file_missing", () => rmSync(join(directory, "model.onnx"))],
    [
      "a file was changed in place",
      "artifact_checksum_mismatch",
      () => writeFileSync(join(directory, "model.onnx"), "hparg"),
    ],
    ["a file was cut short", "artifact_checksum_mismatch", () => writeFileSync(join(directory, "model.onnx"), "gra")],
    [
      "a used file has no checksum",
      "artifact_manifest_invalid",
      () => writeArtifact({}, { session: { model: "l2.json" } }),
    ],
    [
      "the buckets do not reach max_tokens",
      "artifact_manifest_invalid",
      () => writeArtifact({}, { encoder: { ...ENCODER, length_buckets: [8, 16] } }),
    ],
    ["the vocabulary is another", "artifact_vocabulary_mismatch", () => writeArtifact({}, { vocabulary: "rev19" })],
    [
      "a tag is unknown",
      "artifact_vocabulary_mismatch",
      () => writeArtifact({ "semantic_texts.jsonl": TAG_TEXTS.replace("list_files", "list_dirs") }),
    ],
    [
      "a tag is absent",
      "artifact_vocabulary_mismatch",
      () => writeArtifact({ "semantic_texts.jsonl": TAG_TEXTS.split("\n").slice(1).join("\n") }),
    ],
    [
      "a tag stands twice",
      "artifact_vocabulary_mismatch",
      () => writeArtifact({ "semantic_texts.jsonl": TAG_TEXTS + TAG_TEXTS }),
    ],
    [
      "a tag is in another group",
      "artifact_vocabulary_mismatch",
      () => writeArtifact({ "semantic_texts.jsonl": TAG_TEXTS.replace('"discovery"', '"network"') }),
    ],
    [
      "a tag line is broken",
      "artifact_tag_texts_invalid",
      () => writeArtifact({ "semantic_texts.jsonl": `${TAG_TEXTS}{` }),
    ],
  ])("refuses when %s", async (_, code, damage) => {
    writeArtifact();
    damage();
    await expect(loadArtifact(directory, VOCABULARY)).rejects.toMatchObject({ code, remedy: "exit" });
  });

  it.each(["../model.onnx", "/etc/passwd", "a/../../b", "a\\..\\b", ".hidden", "", "a//b"])(
    "refuses the file name %j",
    async (graph) => {
      writeArtifact({}, { encoder: { ...ENCODER, graph } });
      await expect(loadArtifact(directory, VOCABULARY)).rejects.toMatchObject({ code: "artifact_manifest_invalid" });
    },
  );

  it("accepts the bundled artifact against the bundled vocabulary", async () => {
    const root = join(import.meta.dirname, "../..");
    const vocabulary = loadVocabulary(join(root, "schema/tags.json"));
    const artifact = await loadArtifact(join(root, "models/tagsmith-small"), vocabulary);
    expect(artifact.tags).toHaveLength(361);
  });
});

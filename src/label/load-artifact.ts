import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Vocabulary } from "../event/vocabulary.ts";
import { type ArtifactManifest, parseManifest } from "./artifact-manifest.ts";
import { parseTagTexts, type TagText } from "./tag-texts.ts";

/** What an encoder needs to run a graph; plain data, so it can be handed to a worker. Paths are absolute. */
export interface EncoderSettings {
  readonly graph: string;
  readonly tokenizer: string;
  readonly tokenizerConfig: string;
  readonly queryPrefix: string;
  readonly maxTokens: number;
  readonly maxChars: number;
  readonly lengthBuckets: readonly number[];
  readonly view: "as_is" | "plain";
  readonly inputs: { readonly ids: string; readonly mask: string; readonly k: string; readonly first?: string };
  readonly outputs: { readonly scores: string; readonly indices: string };
  readonly firstStage?: FirstStageSettings;
}

/** What the quick scorer of an artifact needs. */
export interface FirstStageSettings {
  readonly graph: string;
  readonly table: string;
  readonly wordBits: number;
  readonly gramBits: number;
  readonly dimensions: number;
  readonly inputs: { readonly bags: string; readonly k: string };
  readonly outputs: { readonly scores: string; readonly indices: string; readonly raw: string };
  /** From this score of the best tag on, its answer stands. */
  readonly sureFrom: number;
}

/** A verified artifact directory. */
export interface Artifact {
  readonly directory: string;
  /** `name@version`, as it stands in labelled documents. */
  readonly model: string;
  readonly vocabulary: string;
  readonly encoder: EncoderSettings;
  /** In the order of the score matrix. */
  readonly tags: readonly TagText[];
  /** Absolute path of the session model, where the artifact has one. */
  readonly sessionModel?: string;
}

/**
 * Reads an artifact directory and checks all of it: the manifest, size and SHA-256 of every file it lists, and that
 * its tags are those of `vocabulary`.
 *
 * Throws TagsmithError, remedy `exit`: `artifact_missing`, `artifact_manifest_invalid`, `artifact_file_missing`,
 * `artifact_checksum_mismatch`, `artifact_tag_texts_invalid`, `artifact_vocabulary_mismatch`.
 */
export async function loadArtifact(directory: string, vocabulary: Vocabulary): Promise<Artifact> {
  const manifest = await readManifest(directory);
  for (const [name, expected] of Object.entries(manifest.files)) await verifyFile(directory, name, expected);
  if (manifest.vocabulary !== vocabulary.vocabulary) {
    const message = `${directory}: made for vocabulary ${manifest.vocabulary}, ours is ${vocabulary.vocabulary}`;
    throw new TagsmithError("artifact_vocabulary_mismatch", message, "exit");
  }
  const tagTexts = join(directory, manifest.tag_texts);
  return {
    directory,
    model: `${manifest.name}@${manifest.version}`,
    vocabulary: manifest.vocabulary,
    encoder: encoderSettings(directory, manifest),
    tags: parseTagTexts(await readFile(tagTexts, "utf8"), tagTexts, vocabulary),
    ...(manifest.session === undefined ? {} : { sessionModel: join(directory, manifest.session.model) }),
  };
}

async function readManifest(directory: string): Promise<ArtifactManifest> {
  const file = join(directory, "manifest.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const message = `${directory}: no model artifact here (manifest.json cannot be read)`;
    throw new TagsmithError("artifact_missing", message, "exit", cause);
  }
  return parseManifest(text, file);
}

async function verifyFile(
  directory: string,
  name: string,
  expected: { readonly sha256: string; readonly bytes: number },
): Promise<void> {
  const file = join(directory, name);
  const hash = createHash("sha256");
  let bytes: number;
  try {
    bytes = (await stat(file)).size;
    if (bytes === expected.bytes) await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  } catch (cause) {
    throw new TagsmithError("artifact_file_missing", `${file}: cannot be read`, "exit", cause);
  }
  if (bytes !== expected.bytes) {
    const message = `${file}: ${bytes} bytes, the manifest says ${expected.bytes}; fetch the artifact again`;
    throw new TagsmithError("artifact_checksum_mismatch", message, "exit");
  }
  const digest = hash.digest("hex");
  if (digest === expected.sha256) return;
  const message = `${file}: SHA-256 is ${digest}, the manifest says ${expected.sha256}; fetch the artifact again`;
  throw new TagsmithError("artifact_checksum_mismatch", message, "exit");
}

function encoderSettings(directory: string, { encoder, first_stage: first }: ArtifactManifest): EncoderSettings {
  const { first: firstInput, ...inputs } = encoder.inputs;
  return {
    graph: join(directory, encoder.graph),
    tokenizer: join(directory, encoder.tokenizer),
    tokenizerConfig: join(directory, encoder.tokenizer_config),
    queryPrefix: encoder.query_prefix,
    maxTokens: encoder.max_tokens,
    maxChars: encoder.max_chars,
    lengthBuckets: encoder.length_buckets,
    view: encoder.view,
    inputs: firstInput === undefined ? inputs : { ...inputs, first: firstInput },
    outputs: encoder.outputs,
    ...(first === undefined ? {} : { firstStage: firstStageSettings(directory, first) }),
  };
}

function firstStageSettings(
  directory: string,
  first: NonNullable<ArtifactManifest["first_stage"]>,
): FirstStageSettings {
  return {
    graph: join(directory, first.graph),
    table: join(directory, first.table),
    wordBits: first.word_bits,
    gramBits: first.gram_bits,
    dimensions: first.dimensions,
    inputs: first.inputs,
    outputs: first.outputs,
    sureFrom: first.sure_from,
  };
}

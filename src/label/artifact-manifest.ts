import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** A path below the artifact directory: plain segments only, so no name can lead out of it. */
const fileName = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/, "expected a plain relative file name");

const encoderSchema = z.object({
  graph: fileName,
  tokenizer: fileName,
  tokenizer_config: fileName,
  query_prefix: z.string().max(1_000),
  tag_prefix: z.string().max(1_000),
  max_tokens: z.int().min(4).max(8_192),
  max_chars: z.int().min(16).max(1_000_000),
  dimensions: z.int().min(1),
  length_buckets: z.array(z.int().min(1)).min(1).max(256),
  /** `plain`: the model reads texts without shell tricks (src/label/plain-view.ts). */
  view: z.enum(["as_is", "plain"]).default("as_is"),
  inputs: z.object({ ids: z.string(), mask: z.string(), k: z.string(), first: z.string().optional() }),
  outputs: z.object({ scores: z.string(), indices: z.string() }),
  /** For the reader: the graph's scores are already calibrated. */
  calibration: z.looseObject({ kind: z.string(), where: z.literal("graph") }).optional(),
});

/** A quick scorer of hashed features, asked before the graph of the encoder, which then reads its scores too. */
const firstStageSchema = z.object({
  graph: fileName,
  table: fileName,
  word_bits: z.int().min(4).max(22),
  gram_bits: z.int().min(4).max(22),
  dimensions: z.int().min(1).max(4_096),
  inputs: z.object({ bags: z.string(), k: z.string() }),
  outputs: z.object({ scores: z.string(), indices: z.string(), raw: z.string() }),
  /** From this score of the best tag on, the first stage's answer stands. */
  sure_from: z.number().min(0).max(1),
});

const manifestSchema = z
  .object({
    schema: z.literal("tagsmith_artifact_v1"),
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i),
    version: z.string().min(1).max(100),
    license: z.string(),
    vocabulary: z.string(),
    encoder: encoderSchema,
    first_stage: firstStageSchema.optional(),
    tag_texts: fileName,
    session: z.object({ model: fileName }).optional(),
    files: z.record(fileName, z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) })),
  })
  .superRefine((manifest, context) => {
    for (const name of referencedFiles(manifest)) {
      if (Object.hasOwn(manifest.files, name)) continue;
      context.addIssue({ code: "custom", path: ["files"], message: `${name} is used but has no checksum` });
    }
    const buckets = manifest.encoder.length_buckets;
    if (buckets.some((length, index) => index > 0 && length <= (buckets[index - 1] ?? 0))) {
      context.addIssue({ code: "custom", path: ["encoder", "length_buckets"], message: "expected rising lengths" });
    }
    if ((buckets.at(-1) ?? 0) < manifest.encoder.max_tokens) {
      context.addIssue({
        code: "custom",
        path: ["encoder", "length_buckets"],
        message: "the last is below max_tokens",
      });
    }
  });

/** `manifest.json` of an artifact directory. */
export type ArtifactManifest = z.infer<typeof manifestSchema>;

/** Checks a manifest's text; throws `artifact_manifest_invalid` with file and path. `file` is for the message. */
export function parseManifest(text: string, file: string): ArtifactManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TagsmithError("artifact_manifest_invalid", `${file}: not JSON: ${String(cause)}`, "exit", cause);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TagsmithError("artifact_manifest_invalid", `${file}: ${z.prettifyError(parsed.error)}`, "exit");
}

function referencedFiles(manifest: {
  readonly encoder: { readonly graph: string; readonly tokenizer: string; readonly tokenizer_config: string };
  readonly first_stage?: { readonly graph: string; readonly table: string } | undefined;
  readonly tag_texts: string;
  readonly session?: { readonly model: string } | undefined;
}): string[] {
  const { graph, tokenizer, tokenizer_config } = manifest.encoder;
  const session = manifest.session === undefined ? [] : [manifest.session.model];
  const first = manifest.first_stage === undefined ? [] : [manifest.first_stage.graph, manifest.first_stage.table];
  return [graph, tokenizer, tokenizer_config, ...first, manifest.tag_texts, ...session];
}

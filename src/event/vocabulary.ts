import { readFileSync } from "node:fs";
import { z } from "zod";
import { TagsmithError } from "./tagsmith-error.ts";

const riskSchema = z.strictObject({
  points: z.number().optional(),
  family: z.string().optional(),
  markers: z.array(z.string()).optional(),
  benign: z.boolean().optional(),
  operational: z.boolean().optional(),
  explicit_attack: z.boolean().optional(),
});

const vocabularySchema = z.strictObject({
  vocabulary: z.string(),
  revision: z.int(),
  groups: z.record(z.string(), z.strictObject({ points: z.number(), family: z.string() })),
  risk_policy: z.string(),
  selection: z.strictObject({ min_score: z.number(), max_tags: z.int().min(1), multi_label_gap: z.number().min(0) }),
  tags: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z][a-z0-9_]*$/),
      group: z.string(),
      definition: z.string(),
      /** Absent: the group's default profile. */
      risk: riskSchema.optional(),
      routine_maintenance: z.boolean().optional(),
      professional: z.enum(["operation", "anchor", "sensitive", "anchor_sensitive"]).optional(),
    }),
  ),
});

/** `schema/tags.json`: the tags in the order of the score matrix, their groups, risk profiles and the selection rule. */
export type Vocabulary = z.infer<typeof vocabularySchema>;
export type Tag = Vocabulary["tags"][number];

/** Reads and checks a vocabulary file; throws `vocabulary_invalid` with file and path. */
export function loadVocabulary(path: string): Vocabulary {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TagsmithError("vocabulary_invalid", `${path}: cannot be read as JSON: ${String(cause)}`, "exit", cause);
  }
  const parsed = vocabularySchema.safeParse(value);
  if (!parsed.success) {
    throw new TagsmithError("vocabulary_invalid", `${path}: ${z.prettifyError(parsed.error)}`, "exit", parsed.error);
  }
  return parsed.data;
}

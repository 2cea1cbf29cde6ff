import { readFileSync } from "node:fs";
import { z } from "zod";
import { TagsmithError } from "../event/tagsmith-error.ts";

const probability = z.number().min(0).max(1);

const artifactSchema = z
  .object({
    schema: z.literal("agentsmith_rev20_l2_ml_v1"),
    feature_schema: z.literal("agentsmith_rev20_l2_features_v1"),
    risk_policy_id: z.string(),
    threshold: probability,
    model_threshold: probability,
    score_threshold: probability,
    score_transform: z.enum(["raw", "threshold_margin"]),
    score_transform_scale: z.number().positive(),
    feature_names: z.array(z.string()),
    scale: z.array(z.number().min(0)),
    coef: z.array(z.number()),
    intercept: z.number(),
    operating_points: z
      .array(z.object({ threshold: probability, false_alarm_rate: probability, attack_recall: probability }))
      .default([]),
  })
  .refine((model) => model.scale.length === model.feature_names.length, {
    path: ["scale"],
    message: "expected one number for each of feature_names",
  })
  .refine((model) => model.coef.length === model.feature_names.length, {
    path: ["coef"],
    message: "expected one number for each of feature_names",
  })
  .refine((model) => new Set(model.feature_names).size === model.feature_names.length, {
    path: ["feature_names"],
    message: "expected every name once",
  });

/** A fitted session model: scaler, coefficients and how a probability becomes a verdict. */
export type SessionModel = z.infer<typeof artifactSchema>;

/** Checks a parsed artifact; throws `session_model_invalid` naming `source` and the field at fault. */
export function parseSessionModel(value: unknown, source: string): SessionModel {
  const parsed = artifactSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TagsmithError("session_model_invalid", `${source}: ${z.prettifyError(parsed.error)}`, "exit", parsed.error);
}

/** Reads an artifact file; throws `session_model_invalid` when it cannot be read, is no JSON, or does not fit. */
export function loadSessionModel(path: string): SessionModel {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new TagsmithError(
      "session_model_invalid",
      `${path}: cannot be read as JSON: ${String(cause)}`,
      "exit",
      cause,
    );
  }
  return parseSessionModel(value, path);
}

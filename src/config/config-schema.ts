import { z } from "zod";
import { clusterSchema } from "./cluster-schema.ts";
import { detectSchema } from "./detect-schema.ts";
import { queueSchema } from "./queue-schema.ts";

const connectorSchema = z.looseObject({ type: z.string().describe("Connector name, e.g. file") });

const mappingsSchema = z.strictObject({
  path: z.string().min(1).optional().describe("A folder used instead of the bundled mappings."),
  extra: z.array(z.string().min(1)).default([]).describe("Folders and files that override or add; later ones win."),
  reload_secs: z.number().min(0).default(5).describe("How often a running pipeline looks for changes; 0: never."),
  fields: z.unknown().optional().describe("Fields of custom indices: a map, or a list of maps."),
  session: z.unknown().optional().describe("Session candidates by mapping name, or * for all."),
  keep_noise: z.boolean().default(false).describe("Label what is skipped by default as noise."),
});

/** `tagsmith.yaml`. Unknown keys are refused; what belongs to a connector is checked by that connector. */
export const configSchema = z.strictObject({
  source: connectorSchema,
  sink: connectorSchema,
  state: z
    .strictObject({ path: z.string().min(1).default(".tagsmith/state.db") })
    .default({ path: ".tagsmith/state.db" }),
  model: z.strictObject({ path: z.string().min(1).optional() }).default({}),
  mappings: mappingsSchema.prefault({}),
  label: z
    .strictObject({
      top_k: z.int().min(1).max(50).default(5),
      tier: z.enum(["fast", "balanced", "accurate"]).default("balanced"),
      workers: z.int().min(1).max(64).optional(),
      threads_per_worker: z.int().min(1).max(64).optional(),
      cache_max_bytes: z
        .int()
        .min(0)
        .default(128 * 1024 * 1024),
    })
    .prefault({}),
  session: z
    .strictObject({
      idle_secs: z.number().positive().default(1800),
      max_age_secs: z.number().positive().default(28_800),
      min_window_size: z.int().min(1).default(8),
      score_every: z.int().min(1).default(4),
      retention_secs: z.number().min(0).default(3600),
      emit: z.enum(["changes", "all", "final"]).default("changes"),
      threshold: z.number().gt(0).lt(1).optional(),
      alert_budget: z
        .strictObject({ false_alarms_per_day: z.number().positive(), sessions_per_day: z.number().positive() })
        .optional(),
    })
    .prefault({}),
  redact: z.enum(["stored", "all", "off"]).default("stored").describe("Where secrets in texts are hidden."),
  redaction: z.strictObject({ path: z.string().min(1).optional() }).default({}),
  detect: detectSchema.optional().describe("Absent: no rules are asked."),
  health: z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .optional()
        .describe("Where a run answers how it is doing; nowhere when left out."),
    })
    .prefault({}),
  queue: queueSchema.prefault({}),
  cluster: clusterSchema.optional().describe("Absent: this process has all of the work."),
  pipeline: z.strictObject({ max_batches_in_flight: z.int().min(1).max(64).default(4) }).prefault({}),
});

export type Config = z.infer<typeof configSchema>;

/** A labelling worker reads nothing and writes nothing of its own; it may have the pipelines' file or a shorter one. */
export const workerConfigSchema = configSchema.partial({ source: true, sink: true });

export type WorkerConfig = z.infer<typeof workerConfigSchema>;

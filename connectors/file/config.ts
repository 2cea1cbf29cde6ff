import { join, parse, resolve } from "node:path";
import { z } from "zod";

/** The `file` source in a configuration. */
export const fileSourceConfigSchema = z.strictObject({
  /** Files, globs, or `-` for standard input; read in path order. */
  paths: z.array(z.string().min(1)).min(1),
  /** Keep reading as files grow, rotate and appear, instead of ending after the last one. */
  follow: z.boolean().default(false),
  /** How often followed files are looked at. */
  poll_interval_secs: z.number().positive().max(3600).default(1),
  /** How long a file that was renamed or deleted is still read after it last grew. */
  rotate_wait_secs: z.number().min(0).max(86_400).default(5),
  /** A longer record is reported, not read. */
  max_record_bytes: z.int().min(64).max(268_435_456).default(1_048_576),
  batch_records: z.int().min(1).max(100_000).default(1_000),
  /** A batch ends with the record that reaches this. */
  batch_bytes: z.int().min(1).max(268_435_456).default(4_194_304),
});

export type FileSourceConfig = z.infer<typeof fileSourceConfigSchema>;

/** The `file` sink in a configuration: one NDJSON file each. */
export const fileSinkConfigSchema = z
  .strictObject({
    labels: z.string().min(1),
    verdicts: z.string().min(1),
    /** `alerts` beside `labels`, with its ending, when left out. */
    alerts: z.string().min(1).optional(),
    dead_letters: z.string().min(1),
    /** On a first run, empty files that already have content instead of refusing them. */
    overwrite: z.boolean().default(false),
  })
  .transform((config) => {
    const { dir, ext } = parse(config.labels);
    return { ...config, alerts: config.alerts ?? join(dir, `alerts${ext}`) };
  })
  .refine(
    ({ labels, verdicts, alerts, dead_letters }) =>
      new Set([labels, verdicts, alerts, dead_letters].map((at) => resolve(at))).size === 4,
    {
      error: "labels, verdicts, alerts and dead_letters must be four different files",
    },
  );

export type FileSinkConfig = z.infer<typeof fileSinkConfigSchema>;

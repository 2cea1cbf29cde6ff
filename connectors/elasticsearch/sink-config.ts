import { z } from "zod";

const namespace = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_.]{0,99}$/, "expected lower-case letters, digits, dots and underscores, at most 100");

/** What the `elasticsearch` and `opensearch` sinks take beside their connection. */
export const sinkOptions = {
  /** Last part of the names written to: `tagsmith-labels-NAMESPACE`. */
  namespace: namespace.default("default"),
  batch_documents: z.int().min(1).max(10_000).default(1_000),
  batch_bytes: z.int().min(10_000).max(90_000_000).default(5_000_000),
  /** Bulk requests at a time. */
  max_requests: z.int().min(1).max(16).default(2),
  /** When written documents can be found: `false` by the server's own interval, `wait_for` and `true` before going on. */
  refresh: z.enum(["false", "wait_for", "true"]).default("false"),
  /**
   * Who sets `event.ingested`: `tagsmith` when it sends a document, by its own clock, or the `server`'s pipeline by the
   * server's, which is half as much work again for it.
   */
  ingested_by: z.enum(["tagsmith", "server"]).default("tagsmith"),
  /**
   * Where the labels of an event are looked for before they are written: `replays` in what was written since the last
   * confirmed write, `always` in all data of the stream (for backfills that overlap what is labelled already).
   */
  duplicate_check: z.enum(["replays", "always"]).default("replays"),
  /** Write tags into the events themselves, too. Read the warnings that a run prints first. */
  enrich_source: z.boolean().default(false),
  /** Days that `tagsmith install` has each stream kept. */
  retention_days: z
    .strictObject({
      labels: z.int().min(1).optional(),
      alerts: z.int().min(1).optional(),
      deadletters: z.int().min(1).optional(),
    })
    .default({}),
} as const;

const sinkSchema = z.strictObject(sinkOptions);

export type SearchSinkConfig = z.infer<typeof sinkSchema>;

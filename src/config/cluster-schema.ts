import { z } from "zod";
import { redisShape } from "./queue-schema.ts";

/** Several pipelines that share one configuration's work. */
export const clusterSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, "expected letters, digits, dots, dashes and underscores")
    .default("default")
    .describe("Nodes of one name share their work."),
  redis: z.strictObject(redisShape).optional().describe("The queue's Redis when left out."),
  partitions: z
    .int()
    .min(1)
    .max(1_024)
    .default(64)
    .describe("Parts that sessions are divided into; the same on all nodes."),
  lease_ms: z
    .int()
    .min(500)
    .max(600_000)
    .default(6_000)
    .describe("After so long without a sign of life others take over."),
  max_slices: z.int().min(1).max(256).default(4).describe("Files a node reads at once; followed ones are not counted."),
  max_waiting_steps: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe("What may wait for a partition, in batches."),
  max_retained_events: z
    .int()
    .min(1_000)
    .default(4_000_000)
    .describe("Events kept in Redis for their sessions, in all."),
});

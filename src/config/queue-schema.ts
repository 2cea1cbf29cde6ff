import { z } from "zod";

const tenantName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,39}$/, "expected up to 40 letters, digits, dots, dashes and underscores");

const workerSchema = z.strictObject({
  concurrency: z.int().min(1).max(1_024).default(32).describe("Live jobs a worker takes at once."),
  batch_texts: z.int().min(1).max(65_536).default(256).describe("Texts handed to the model at once."),
  batches_in_flight: z
    .int()
    .min(1)
    .max(64)
    .default(2)
    .describe("A device; 1 answers live texts soonest, more keep a GPU busy."),
  devices: z
    .array(z.string().regex(/^(cpu|coreml|(cuda|dml)(:\d{1,2})?)$/, "expected cpu, cuda:0, dml:0 or coreml"))
    .min(1)
    .max(64)
    .optional()
    .describe("A thread with the model on each; left out: the processor, with label.workers threads."),
  lock_secs: z.number().min(1).default(30).describe("After so long without a sign of life another worker takes over."),
  stop_within_secs: z.number().min(0).default(25).describe("What is not finished by then goes to another worker."),
  tenant_weights: z
    .record(tenantName, z.number().min(0.01).max(100))
    .default({})
    .describe("Shares of tenants whose texts wait; 1 for those that are not named."),
  health_port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe("Where a worker answers how it is doing, on health.host; nowhere when left out."),
  max_memory_bytes: z.int().positive().optional().describe("Above it a worker finishes its jobs and ends with code 8."),
});

/** Where a Redis is and how to speak to it. */
export const redisShape = {
  redis_url: z.string().min(1).default("redis://127.0.0.1:6379").describe("redis:// or rediss://"),
  username: z.string().min(1).optional(),
  password: z.string().min(1).optional().describe("Better as a variable of the environment, or in a file."),
  password_file: z.string().min(1).optional(),
  ca_file: z.string().min(1).optional().describe("Authority that signed the server's certificate."),
  cluster: z.boolean().default(false).describe("The address is a node of a Redis cluster."),
  sentinel: z
    .strictObject({
      name: z.string().min(1).describe("Name of the group of servers."),
      hosts: z.array(z.string().regex(/^[^:]+:\d{1,5}$/, "expected host:port")).min(1),
      tls: z.boolean().optional().describe("Ask the sentinels over TLS; left out: as redis_url says for the servers."),
      username: z.string().min(1).optional(),
      password: z.string().min(1).optional().describe("Of the sentinels; the servers' own stands beside redis_url."),
      password_file: z.string().min(1).optional(),
    })
    .optional()
    .describe("Sentinels that know the primary; redis_url then gives scheme, user and database only."),
  key_prefix: z
    .string()
    .regex(/^[\w.-]{1,64}$/, "expected letters, digits, dots, dashes and underscores")
    .default("tagsmith"),
};

/** Where texts are labelled: in this process, or by workers that take jobs from Redis. */
export const queueSchema = z.strictObject({
  type: z.enum(["in_process", "bullmq"]).default("in_process"),
  ...redisShape,
  priority: z.enum(["auto", "live", "backfill"]).default("auto").describe("auto: live for sources that never end."),
  tenant: tenantName.default("default").describe("Tenants whose texts wait have equal shares of the workers."),
  batch_texts: z.int().min(1).max(4_096).default(256),
  batch_bytes: z
    .int()
    .min(1_024)
    .max(4 * 1024 * 1024)
    .default(128 * 1024),
  max_pending_texts: z.int().min(1).max(10_000_000).default(65_536),
  max_texts_per_sec: z.number().positive().optional(),
  max_waiting_jobs: z.int().min(1).default(2_000).describe("A longer queue makes producers hold back."),
  target_wait_secs: z.number().positive().default(5).describe("Later answers make a producer hold back."),
  cache_max_entries: z.int().min(0).default(1_000_000).describe("Results shared in Redis, about 130 bytes each."),
  worker: workerSchema.prefault({}),
});

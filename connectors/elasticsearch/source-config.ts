import { z } from "zod";
import { elasticsearchConnectionSchema, openSearchConnectionSchema } from "./connection-config.ts";

const startPattern = /^(beginning|now|now-\d+[smhd])$/;

const poll = {
  /** Index names, data streams, aliases or patterns; `cluster:name` for another cluster. */
  indices: z.array(z.string().min(1).max(1_000)).min(1),
  /** Never read, whatever `indices` says: Tagsmith's own output. */
  exclude: z.array(z.string().min(1)).default(["tagsmith-*"]),
  /** Where a first run starts, by ingest time: `beginning`, `now`, `now-24h`, or a time like 2026-01-31T00:00:00Z. */
  from: z
    .string()
    .refine((text) => startPattern.test(text) || isTime(text), {
      error: "expected beginning, now, now-24h or an ISO time",
    })
    .default("now-1h"),
  /** Fields that say when a document came in; the first that a document has counts. */
  time_fields: z.array(z.string().min(1)).min(1).max(4).default(["event.ingested", "@timestamp"]),
  /** Reads only documents whose time is in this one of them; nodes of a cluster share a source so. */
  lane: z.string().min(1).optional(),
  /** How many slices nodes of a cluster make of each lane; each reads minutes of its own. */
  slices: z.int().min(1).max(64).default(1),
  /** Reads only every `of`th minute, from `number` on; what `slices` is made of. */
  minutes: z.strictObject({ number: z.int().min(0), of: z.int().min(1).max(64) }).optional(),
  /** Further conditions, in the server's query language. */
  query: z.record(z.string(), z.unknown()).optional(),
  /**
   * What to fetch of each document: `all`; what the mappings in use read (`mapped`); or these fields, `process.*` too, and then
   * what the mappings need must be among them.
   */
  fields: z
    .union([z.enum(["all", "mapped"]), z.array(z.string().min(1)).min(1)], "expected all, mapped or a list of fields")
    .default("all"),
  /** End when what was there at the start is read, instead of waiting for more. */
  once: z.boolean().default(false),
  poll_interval_secs: z.number().positive().max(3_600).default(5),
  /** How old a document must be before it is read: longer than the index takes to show it (`refresh_interval`). */
  safety_lag_secs: z.number().min(0).max(3_600).default(10),
  /** How far back each poll counts again for documents that showed up late. */
  overlap_secs: z.number().min(0).max(86_400).default(300),
  /** How far back, and how often, a slower look counts again. */
  sweep_window_secs: z.number().min(0).max(2_592_000).default(86_400),
  sweep_interval_secs: z.number().positive().max(86_400).default(600),
  /** Documents a page holds at most, and what it may weigh; pages shrink when the server is short. */
  batch_records: z.int().min(1).max(10_000).default(2_000),
  batch_bytes: z.int().min(1_024).max(268_435_456).default(8_388_608),
  /** How long the server keeps the view that pages are read from, between two pages. */
  view_keep_alive_secs: z.int().min(10).max(86_400).default(300),
};

export const elasticsearchSourceConfigSchema = z.strictObject({ ...elasticsearchConnectionSchema.shape, ...poll });
export const openSearchSourceConfigSchema = z.strictObject({ ...openSearchConnectionSchema.shape, ...poll });

const pollSchema = z.strictObject(poll);
export type PollConfig = z.infer<typeof pollSchema>;

/** The configured start in milliseconds since 1970; undefined for the beginning. */
export function startOf(from: string, nowMs: number): number | undefined {
  if (from === "beginning") return undefined;
  if (from === "now") return nowMs;
  const [, amount, unit] = /^now-(\d+)([smhd])$/.exec(from) ?? [];
  if (amount === undefined) return Date.parse(from);
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? "s"] ?? 1_000;
  return nowMs - Number(amount) * unitMs;
}

function isTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(Date.parse(text));
}

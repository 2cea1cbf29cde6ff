import { createHash, hash } from "node:crypto";

/** A batch of distinct texts as it stands in the queue. */
export interface LabelJob {
  /** Model, tier and number of labels that the results must come from. */
  readonly version: string;
  /** Who waits for the results. */
  readonly producer: string;
  readonly texts: readonly string[];
}

/** A job's data from the queue; undefined when it is none of ours. */
export function readLabelJob(data: unknown): LabelJob | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { version, producer, texts }: Readonly<Record<string, unknown>> = { ...data };
  if (typeof version !== "string" || typeof producer !== "string" || !Array.isArray(texts)) return undefined;
  return texts.every((text) => typeof text === "string") ? { version, producer, texts } : undefined;
}

/** Live work goes first; a backfill gets what is left. */
export const lanes = ["live", "backfill"] as const;

export type Lane = (typeof lanes)[number];

/** Whose work a job is, and how soon it is wanted. Tenants of a lane have equal shares. */
export interface Line {
  readonly lane: Lane;
  readonly tenant: string;
}

/** Whoever names no tenant. */
export const defaultTenant = "default";

/** Name of the queue of one version and line; a worker takes jobs of its own version only. */
export function queueNameOf(version: string, { lane, tenant }: Line): string {
  const readable = version.replaceAll(/[^\w.@+-]+/g, "_").slice(0, 60);
  const name = `${lane}-${readable}-${createHash("sha256").update(version).digest("hex").slice(0, 8)}`;
  return tenant === defaultTenant ? name : `${name}~${tenant}`;
}

/** Identifies a text among all texts: 162 bits of its SHA-256. */
export function digestOf(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 27);
}

export interface BatchLimits {
  readonly maxTexts: number;
  /** UTF-16 units of a batch's texts; a longer text goes alone. */
  readonly maxChars: number;
}

/** Cuts the rows of `texts` into batches, in order. */
export function cutBatches(rows: readonly number[], texts: readonly string[], limits: BatchLimits): number[][] {
  const batches: number[][] = [];
  let batch: number[] = [];
  let chars = 0;
  for (const row of rows) {
    const length = texts[row]?.length ?? 0;
    if (batch.length > 0 && (batch.length >= limits.maxTexts || chars + length > limits.maxChars)) {
      batches.push(batch);
      batch = [];
      chars = 0;
    }
    batch.push(row);
    chars += length;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

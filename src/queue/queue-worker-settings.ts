import type { DeviceUse } from "../telemetry/device-use.ts";
import type { Ranking } from "./ranking-text.ts";
import type { RedisSettings } from "./redis-connection.ts";
import type { TroubleListener } from "./redis-error.ts";

/** How a worker takes jobs, and what it computes them with. */
export interface QueueWorkerSettings {
  readonly redis: RedisSettings;
  /** Jobs of other versions are not taken. */
  readonly version: string;
  readonly topK: number;
  readonly encode: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Ranking[]>;
  /** What it encodes on. */
  readonly devices: () => readonly DeviceUse[];
  /** Live jobs of a tenant taken at once at most, and an eighth as many of a backfill; their texts share batches. */
  readonly concurrency: number;
  readonly batchTexts: number;
  readonly batchChars: number;
  /** Batches in the encoder at once. */
  readonly batchesInFlight: number;
  /** What tenants whose texts wait get of the encoder, in relation to each other; 1 where nothing is said. */
  readonly tenantWeights?: Readonly<Record<string, number>> | undefined;
  readonly cacheEntries: number;
  /** A worker that does not renew its hold on a job for so long has lost it. */
  readonly lockMs: number;
  /** Whether `standing` is asked for. */
  readonly watchesDepth?: boolean | undefined;
  readonly onTrouble: TroubleListener;
  /** Job after job has failed here: the worker had better end, so that others take the jobs. */
  readonly onBroken: (error: Error) => void;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
  readonly id: string;
}

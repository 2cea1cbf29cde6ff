import { setTimeout as sleep } from "node:timers/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";
import type { Output, Sink } from "../sdk/sink.ts";

interface RetrySettings {
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * Writes until the sink confirms, waiting longer after each `retry` (exponential, half of it jitter). Any other error
 * is the caller's. Rejects with the signal's reason when aborted while waiting.
 */
export async function writeWithRetry(
  sink: Sink,
  output: Output,
  settings: RetrySettings,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sink.write(output, signal);
    } catch (error) {
      if (!(error instanceof TagsmithError) || error.remedy !== "retry") throw error;
    }
    const waitMs = Math.min(settings.maxWaitMs, settings.minWaitMs * 2 ** Math.min(attempt, 20));
    await sleep(waitMs * (0.5 + settings.random() / 2), undefined, { signal });
  }
}

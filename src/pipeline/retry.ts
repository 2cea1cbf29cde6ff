import { setTimeout as sleep } from "node:timers/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** How long to wait between attempts. */
export interface RetrySettings {
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * Repeats `work` while it throws TagsmithError with the remedy `retry`, waiting longer each time (exponential, half of it
 * jitter). Any other error is the caller's. Rejects with the signal's reason when aborted while waiting.
 */
export async function retry<T>(work: () => Promise<T> | T, settings: RetrySettings, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TagsmithError) || error.remedy !== "retry") throw error;
    }
    const waitMs = Math.min(settings.maxWaitMs, settings.minWaitMs * 2 ** Math.min(attempt, 20));
    await sleep(waitMs * (0.5 + settings.random() / 2), undefined, { signal });
  }
}

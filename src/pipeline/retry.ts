import { setTimeout as sleep } from "node:timers/promises";
import { TagsmithError } from "../event/tagsmith-error.ts";

/** How long to wait between attempts. */
export interface RetrySettings {
  readonly minWaitMs: number;
  readonly maxWaitMs: number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Called before each wait, for whoever must see that nothing moves. */
  readonly onWait?: ((error: TagsmithError, waitMs: number) => void) | undefined;
}

/**
 * Repeats `work` while it throws TagsmithError with the remedy `retry`, waiting longer each time (exponential, half of it
 * jitter). Any other error is the caller's. Rejects with the signal's reason when aborted while waiting.
 */
export async function retry<T>(work: () => Promise<T> | T, settings: RetrySettings, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const longestMs = Math.min(settings.maxWaitMs, settings.minWaitMs * 2 ** Math.min(attempt, 20));
    const waitMs = longestMs * (0.5 + settings.random() / 2);
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TagsmithError) || error.remedy !== "retry") throw error;
      settings.onWait?.(error, waitMs);
    }
    await sleep(waitMs, undefined, { signal });
  }
}

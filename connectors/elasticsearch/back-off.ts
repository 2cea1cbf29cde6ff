import { setTimeout as sleep } from "node:timers/promises";
import type { TagsmithError } from "#sdk";
import { SearchError } from "./search-error.ts";

/** Waits between attempts: longer each time, half of it by chance, and at least as long as the server asks. */
export interface BackOff {
  /** Returns after the wait, or at once when aborted. */
  wait(error: TagsmithError, signal: AbortSignal): Promise<void>;
  /** Something worked: the next wait is a short one. */
  reset(): void;
}

const minWaitMs = 500;
const maxWaitMs = 30_000;

/** `random` gives 0 to 1; `onWait` is told before each wait. */
export function createBackOff(random: () => number, onWait: (error: TagsmithError, waitMs: number) => void): BackOff {
  let attempt = 0;
  return {
    wait: async (error, signal) => {
      const longestMs = Math.min(maxWaitMs, minWaitMs * 2 ** Math.min(attempt, 20));
      const askedMs = error instanceof SearchError ? (error.refusal.retryAfterMs ?? 0) : 0;
      const waitMs = Math.min(Math.max(longestMs * (0.5 + random() / 2), askedMs), 10 * maxWaitMs);
      attempt += 1;
      onWait(error, waitMs);
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    },
    reset: () => {
      attempt = 0;
    },
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import type { TagsmithError } from "../event/tagsmith-error.ts";
import { redisError, type TroubleListener } from "./redis-error.ts";

const maxWaitMs = 5_000;

interface Patience {
  readonly onTrouble: TroubleListener;
  /** Before the next try. */
  readonly onFailed?: (error: TagsmithError) => Promise<void>;
  /** Nobody tries again after this. */
  readonly ended: AbortSignal;
}

/** Tries again until it works, `signal` aborts, or the trouble will not pass. */
export async function patiently<T>(work: () => Promise<T>, patience: Patience, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await orAbort(work(), signal);
    } catch (cause) {
      signal.throwIfAborted();
      const error = redisError(cause);
      if (error.remedy === "exit" || patience.ended.aborted) throw error;
      patience.onTrouble(error);
      await patience.onFailed?.(error);
      await sleep(Math.min(maxWaitMs, 100 * 2 ** attempt), undefined, { signal });
    }
  }
}

/** As `work`, or rejects with the signal's reason as soon as it aborts. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<T>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}

/** Waits for what must not hold up the end. */
export async function orTimeout(work: Promise<unknown>, ms: number): Promise<void> {
  const stop = new AbortController();
  const timeout = sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), timeout]);
  stop.abort();
}

/** What of the queue a producer may fill; it grows while answers come soon and shrinks when they come late. */
export interface AdmissionWindow {
  /** Resolves when `count` more texts may be put into the queue, first come first served. Rejects on abort. */
  enter(count: number, signal: AbortSignal): Promise<void>;
  /** Called once for each `enter` that resolved, with the same count. */
  leave(count: number): void;
  /** An answer for `count` texts came after `waitedMs`. */
  answered(count: number, waitedMs: number): void;
  /** The queue is longer than it should be: let it drain. */
  shrink(): void;
  state(): { readonly limit: number; readonly inside: number; readonly waiting: number };
}

export interface AdmissionSettings {
  readonly minTexts: number;
  readonly maxTexts: number;
  /** Answers later than this make the window smaller. */
  readonly targetMs: number;
  /** Texts a second at most; unlimited when left out. */
  readonly maxPerSec?: number | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** How much a late answer takes away; answers in time add what they carried. */
const shrinkTo = 0.7;

/** Creates a window that begins at eight times its minimum. Additive growth, multiplicative shrinking: producers come to equal shares. */
export function createAdmissionWindow(settings: AdmissionSettings): AdmissionWindow {
  const { minTexts, maxTexts, targetMs, maxPerSec, now } = settings;
  const queue: { readonly count: number; readonly admit: () => void }[] = [];
  let limit = Math.min(maxTexts, 8 * minTexts);
  let inside = 0;
  let shrunkMs = Number.NEGATIVE_INFINITY;
  let freeAtMs = now();
  let isPlanned = false;

  const admitNext = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      if (inside > 0 && inside + next.count > limit) return;
      const waitMs = freeAtMs - now();
      if (maxPerSec !== undefined && waitMs > 0) {
        if (!isPlanned) setTimeout(admitLater, waitMs);
        isPlanned = true;
        return;
      }
      if (maxPerSec !== undefined) freeAtMs = Math.max(freeAtMs, now() - 1_000) + (1_000 * next.count) / maxPerSec;
      queue.shift();
      inside += next.count;
      next.admit();
    }
  };
  const admitLater = (): void => {
    isPlanned = false;
    admitNext();
  };
  const shrink = (): void => {
    const at = now();
    // One late batch after another tells of the same delay.
    if (at - shrunkMs < targetMs) return;
    shrunkMs = at;
    limit = Math.max(minTexts, Math.floor(limit * shrinkTo));
  };
  return {
    shrink,
    enter(count, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const visitor = { count, admit: resolve };
      const abort = (): void => {
        const place = queue.indexOf(visitor);
        if (place < 0) return;
        queue.splice(place, 1);
        reject(signal.reason);
        admitNext();
      };
      signal.addEventListener("abort", abort, { once: true });
      queue.push(visitor);
      admitNext();
      return promise.finally(() => signal.removeEventListener("abort", abort));
    },
    leave(count) {
      inside -= count;
      admitNext();
    },
    answered(count, waitedMs) {
      if (waitedMs > targetMs) shrink();
      else limit = Math.min(maxTexts, limit + count);
      admitNext();
    },
    state: () => ({ limit, inside, waiting: queue.reduce((sum, { count }) => sum + count, 0) }),
  };
}

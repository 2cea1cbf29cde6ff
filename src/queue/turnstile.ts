/** Lets work in, at most so much at once, or one piece with nothing beside it. */
export interface Turnstile {
  /** There may be something to do; looked at once at the end of this turn of the loop. */
  knock(): void;
  /** Runs `work` while nothing else is inside; one such work after the other. */
  alone(work: () => Promise<void>): Promise<void>;
}

/** `next` gives what is to be done next, which never rejects, or undefined. */
export function createTurnstile(maxInside: number, next: () => (() => Promise<void>) | undefined): Turnstile {
  let inside = 0;
  let isPlanned = false;
  let lonely = 0;
  let last = Promise.resolve();
  let onEmpty: (() => void) | undefined;

  const letIn = (): void => {
    isPlanned = false;
    while (inside < maxInside && lonely === 0) {
      const work = next();
      if (work === undefined) return;
      inside += 1;
      void work().finally(() => {
        inside -= 1;
        if (inside === 0) onEmpty?.();
        letIn();
      });
    }
  };
  const runAlone = async (work: () => Promise<void>): Promise<void> => {
    const empty = Promise.withResolvers<void>();
    onEmpty = empty.resolve;
    if (inside > 0) await empty.promise;
    try {
      await work();
    } finally {
      lonely -= 1;
      letIn();
    }
  };
  return {
    knock() {
      if (!isPlanned) setImmediate(letIn);
      isPlanned = true;
    },
    alone(work) {
      lonely += 1;
      const run = last.then(() => runAlone(work));
      last = run.catch(() => undefined);
      return run;
    },
  };
}

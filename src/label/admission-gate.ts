/** Bounds what is under way: callers wait at the gate, first come first served. */
export interface AdmissionGate {
  /** Resolves when `count` more fit, or when nothing else is inside. Rejects with the signal's reason on abort. */
  enter(count: number, signal: AbortSignal): Promise<void>;
  /** Called once for each `enter` that resolved, with the same count. */
  leave(count: number): void;
}

/** Creates a gate for at most `limit` at a time. */
export function createAdmissionGate(limit: number): AdmissionGate {
  const queue: { readonly count: number; readonly admit: () => void }[] = [];
  let inside = 0;
  const fits = (count: number) => inside === 0 || inside + count <= limit;
  const admitNext = () => {
    for (let next = queue[0]; next !== undefined && fits(next.count); next = queue[0]) {
      queue.shift();
      inside += next.count;
      next.admit();
    }
  };
  return {
    enter(count, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const visitor = { count, admit: resolve };
      const abort = () => {
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
  };
}

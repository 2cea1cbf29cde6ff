/** An item, or a sign that none came for a while. */
export type Ticked<T> = { readonly kind: "item"; readonly item: T } | { readonly kind: "tick" };

/**
 * Passes `items` through and yields a tick whenever none came for `tickMs`; no ticks when it is undefined. `endInput` is
 * called before the end, early or not: it must make `items` give up waiting for more.
 */
export async function* withTicks<T>(
  items: AsyncIterable<T>,
  tickMs: number | undefined,
  endInput: () => void = () => undefined,
): AsyncGenerator<Ticked<T>> {
  const iterator = items[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      const step = tickMs === undefined ? await next : await Promise.race([next, tickAfter(tickMs)]);
      if (step === "tick") {
        yield { kind: "tick" };
        continue;
      }
      if (step.done) return;
      yield { kind: "item", item: step.value };
      next = iterator.next();
    }
  } finally {
    endInput();
    next.catch(() => undefined);
    await iterator.return?.();
  }
}

function tickAfter(ms: number): Promise<"tick"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("tick"), ms).unref();
  });
}

/**
 * Maps `items` through the async `work` with at most `limit` in flight, and yields the results in order.
 * The next item is pulled only when a place is free, so a slow consumer slows the producer. A failure of `work` or of
 * `items` is thrown at its place in the order. `endInput` is called before the end, early or not: it must make a
 * producer that waits for more give up, since what is already pulled is waited for.
 */
export async function* readAhead<A, B>(
  items: AsyncIterable<A>,
  limit: number,
  work: (item: A) => Promise<B>,
  endInput: () => void = () => undefined,
): AsyncGenerator<B> {
  const iterator = items[Symbol.asyncIterator]();
  const inFlight: Promise<IteratorResult<B>>[] = [];
  let ended = false;
  const pull = (): void => {
    const next = iterator.next();
    const step = next.then(async (result): Promise<IteratorResult<B>> => {
      if (result.done) return { done: true, value: undefined };
      return { done: false, value: await work(result.value) };
    });
    step.catch(() => undefined);
    inFlight.push(step);
  };
  try {
    while (!ended || inFlight.length > 0) {
      while (!ended && inFlight.length < limit) pull();
      const first = await inFlight.shift();
      if (first === undefined) break;
      if (first.done) ended = true;
      else yield first.value;
    }
  } finally {
    endInput();
    await Promise.allSettled(inFlight);
    await iterator.return?.();
  }
}

/** Values of distinct texts. */
type Values<Value> = ReadonlyMap<string, Value>;

/** Finds values of distinct texts; calls that overlap share the work on texts they have in common. */
export interface TextCoalescer<Value> {
  /** Rejects with the signal's reason on abort, else as the work on this call's own texts does. */
  find(texts: readonly string[], signal: AbortSignal): Promise<Values<Value>>;
  counters(): { readonly sent: number; readonly coalesced: number };
}

/**
 * Wraps `work`, which gives one value a text in input order, so that a text is never worked on twice at once. A call
 * that waits for another's text takes it up itself when that other call fails or is aborted.
 */
export function coalesceTexts<Value>(
  work: (texts: readonly string[], signal: AbortSignal) => Promise<readonly Value[]>,
): TextCoalescer<Value> {
  /** The work that has a text now. */
  const flights = new Map<string, Promise<Values<Value>>>();
  const totals = { sent: 0, coalesced: 0 };

  const send = async (texts: readonly string[], signal: AbortSignal): Promise<Values<Value>> => {
    try {
      return zip(texts, await work(texts, signal));
    } finally {
      for (const text of texts) flights.delete(text);
    }
  };
  const find = async (texts: readonly string[], signal: AbortSignal): Promise<Values<Value>> => {
    const own = texts.filter((text) => !flights.has(text));
    const joined = groupByFlight(texts, flights);
    totals.sent += own.length;
    totals.coalesced += texts.length - own.length;
    const found = new Map<string, Value>();
    if (own.length > 0) {
      const flight = send(own, signal);
      for (const text of own) flights.set(text, flight);
      for (const [text, value] of await flight) found.set(text, value);
    }
    for (const [flight, waiting] of joined) {
      const values = (await landed(flight, signal)) ?? (await find(waiting, signal));
      for (const text of waiting) {
        const value = values.get(text);
        if (value !== undefined) found.set(text, value);
      }
    }
    return found;
  };
  return { find, counters: () => ({ ...totals }) };
}

function zip<Value>(texts: readonly string[], values: readonly Value[]): Values<Value> {
  const pairs = new Map<string, Value>();
  for (const [index, value] of values.entries()) {
    const text = texts[index];
    if (text !== undefined) pairs.set(text, value);
  }
  return pairs;
}

function groupByFlight<Value>(
  texts: readonly string[],
  flights: ReadonlyMap<string, Promise<Values<Value>>>,
): ReadonlyMap<Promise<Values<Value>>, readonly string[]> {
  const groups = new Map<Promise<Values<Value>>, string[]>();
  for (const text of texts) {
    const flight = flights.get(text);
    if (flight === undefined) continue;
    const group = groups.get(flight);
    if (group === undefined) groups.set(flight, [text]);
    else group.push(text);
  }
  return groups;
}

/** What the flight brought, or undefined when it failed. Rejects only when `signal` aborts. */
function landed<Value>(flight: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<Value | undefined>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  flight.then(resolve, () => resolve(undefined));
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

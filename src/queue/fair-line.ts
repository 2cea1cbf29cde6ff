/** Items of several owners; those who have any waiting get shares by their weights, whoever has how much. */
export interface FairLine<Item> {
  push(owner: string, item: Item): void;
  /** What `take` would give. */
  peek(): Item | undefined;
  take(): Item | undefined;
  /** Whether the item was still there. */
  remove(item: Item): boolean;
}

interface Owner<Item> {
  readonly items: Item[];
  /** Rises by the cost of what was taken over the weight; the owner with the least is next. */
  pass: number;
}

/**
 * Start-time fair queueing: who was idle begins where the others are, so nobody saves up for later. `costOf` is asked
 * when an item is taken; an item may grow while it waits.
 */
export function createFairLine<Item>(
  costOf: (item: Item) => number,
  weightOf: (owner: string) => number,
): FairLine<Item> {
  const owners = new Map<string, Owner<Item>>();
  let clock = 0;

  const next = (): readonly [string, Owner<Item>] | undefined => {
    let best: readonly [string, Owner<Item>] | undefined;
    for (const entry of owners) {
      if (entry[1].items.length > 0 && (best === undefined || entry[1].pass < best[1].pass)) best = entry;
    }
    return best;
  };
  /** With nobody waiting there is nothing to be fair about. */
  const forgetIdle = (): void => {
    if (next() !== undefined) return;
    owners.clear();
    clock = 0;
  };
  return {
    push(name, item) {
      const owner = owners.get(name) ?? { items: [], pass: clock };
      if (owner.items.length === 0) owner.pass = Math.max(owner.pass, clock);
      owner.items.push(item);
      owners.set(name, owner);
    },
    peek: () => next()?.[1].items[0],
    take() {
      const found = next();
      if (found === undefined) return undefined;
      const [name, owner] = found;
      const item = owner.items.shift();
      clock = owner.pass;
      if (item !== undefined) owner.pass += costOf(item) / weightOf(name);
      forgetIdle();
      return item;
    },
    remove(item) {
      for (const { items } of owners.values()) {
        const place = items.indexOf(item);
        if (place < 0) continue;
        items.splice(place, 1);
        forgetIdle();
        return true;
      }
      return false;
    },
  };
}
